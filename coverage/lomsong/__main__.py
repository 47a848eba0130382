"""Lets ``python -m lomsong`` do what the command ``lomsong`` does."""

from lomsong.cli import main

if __name__ == "__main__":
    main()
