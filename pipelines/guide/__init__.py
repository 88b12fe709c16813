"""Guidance that a person gives for a film, by anchor."""
