"""The network that ships: one encoder, its decoder, its detector, its instances."""
