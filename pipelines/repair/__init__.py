"""Damage of luma found and mended: pure functions on arrays; `README.md` has the order in which they are called."""
