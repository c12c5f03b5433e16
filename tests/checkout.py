"""Where the files of this checkout are."""

from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
