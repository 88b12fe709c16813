"""Films on a Ray cluster: the only room that knows Ray."""
