"""Compiled code kept on disk, one file for each unit: a function that is compiled once and called by its address."""
