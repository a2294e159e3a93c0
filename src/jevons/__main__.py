"""`python -m jevons`."""

from jevons.cli import main

if __name__ == "__main__":
    main()
