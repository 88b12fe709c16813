"""The benchmark of a real GPU."""
