"""Colour science: colour spaces, the ab bins, the finish of colours."""
