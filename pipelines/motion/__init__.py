"""Motion from frame to frame, how far it may be trusted, and where shots end."""
