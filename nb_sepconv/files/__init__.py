"""Reading and writing files: random access, atomic replacement, and the errors of both."""
