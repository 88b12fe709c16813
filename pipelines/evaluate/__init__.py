"""Networks measured: their colours on colour pictures made gray, their boxes against given ones."""
