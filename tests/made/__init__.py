"""Films, pictures, weights and clusters for tests, and readers of results."""
