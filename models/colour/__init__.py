"""Colour science: colour spaces, the ab bins, colours finished."""
