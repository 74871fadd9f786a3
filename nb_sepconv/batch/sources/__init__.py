"""What jobs read: arrays, and files of many formats."""
