"""Provenance of results, and its verification."""
