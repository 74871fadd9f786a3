"""What the site needs of Sphinx beside its well-known extensions."""
