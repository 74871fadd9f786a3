"""The pictures of the documents; `python -m docs.pictures` draws them."""
