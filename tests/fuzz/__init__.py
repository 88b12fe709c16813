"""Damaged films and nonsense typed: every input ends in a result that keeps its promises, or in one clear line."""
