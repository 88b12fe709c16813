"""Networks trained on colour pictures and films."""
