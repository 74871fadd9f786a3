"""The command ``nb-sepconv``, and what it prints."""
