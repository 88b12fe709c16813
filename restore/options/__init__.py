"""What a person types or writes into restore.toml: values, options that commands share, how help shows them."""
