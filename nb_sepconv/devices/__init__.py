"""Arrays that lie on a GPU, of whichever library, and where calls on them run."""
