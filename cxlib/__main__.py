"""`python -m cxlib …`."""

from __future__ import annotations

from cxlib.cli import main

if __name__ == "__main__":
    main()
