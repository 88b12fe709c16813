"""`python -m restore` is `restore`."""

from restore.cli import main

if __name__ == "__main__":
    main()
