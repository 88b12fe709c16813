"""Anchors in, their ab out: which network, what it finds, what it colours."""
