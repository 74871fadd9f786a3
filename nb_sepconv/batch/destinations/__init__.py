"""What jobs write: files that appear under their names when they are complete."""
