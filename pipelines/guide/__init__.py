"""What a person gives for a film, by anchor."""
