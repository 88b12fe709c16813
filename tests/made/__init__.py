"""What tests make: films, pictures, weights, clusters, and how results are read."""
