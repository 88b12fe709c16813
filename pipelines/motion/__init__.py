"""What moves from frame to frame, how far that may be trusted, and where shots end."""
