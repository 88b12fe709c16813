"""What a result says of itself, and whether that is true."""
