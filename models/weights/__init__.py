"""Files of weights: those that ship, those that others published, and how they are read and written."""
