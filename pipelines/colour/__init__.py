"""Lightness of anchors and frames to the chroma of every frame."""
