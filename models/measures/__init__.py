"""What training lowers and evaluation reports."""
