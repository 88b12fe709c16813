"""What is decided about a film before it is coloured, and what is kept of a run on the way."""
