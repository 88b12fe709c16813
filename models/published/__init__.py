"""Networks that others published, laid out as their authors laid them out."""
