"""`python -m cxlib …`."""

from cxlib.cli import main

if __name__ == "__main__":
    main()
