"""Networks that do not colour: they find instances and motion, and judge results."""
