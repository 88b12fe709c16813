"""Decisions about a film before it is coloured, and the files that a run keeps on the way."""
