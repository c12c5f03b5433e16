"""``python -m sentinel.cli``: the command line without its installed script."""

from __future__ import annotations

from sentinel.cli.main import main

if __name__ == "__main__":
    main()
