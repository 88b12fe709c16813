"""Options, typed or written into restore.toml: values, options that commands share, how help shows them."""
