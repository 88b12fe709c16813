"""Networks that look and do not colour: they find instances and motion, and judge results."""
