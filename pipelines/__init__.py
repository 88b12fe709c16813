"""The steps from a film to its coloured result."""

DISTRIBUTION = "restore-film"
"""The name of this program on the package index."""


def product_version() -> str:
    """The version of this program, such as 0.2.0."""
    from importlib.metadata import version  # a start that shows no version does not pay for it

    return version(DISTRIBUTION)
