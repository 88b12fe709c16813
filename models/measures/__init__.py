"""Losses that training lowers, measures that evaluation reports."""
