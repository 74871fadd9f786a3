"""Jobs: a model applied to files, in chunks, from a folder of recordings to series that fit into no memory."""
