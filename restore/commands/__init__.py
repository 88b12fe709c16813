"""The commands, a file each: their options, and the function of `restore.api` that each calls."""
