"""Many films into one folder: which ones, what is left to do, what became of each, and the report."""
