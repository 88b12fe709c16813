"""What happens to film."""
