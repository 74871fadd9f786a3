"""Threads, launches, and how work is shared out."""
