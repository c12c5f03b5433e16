"""A number that identifies this process, also among processes of the same sentinel."""

from __future__ import annotations

import secrets
from typing import Final

NUMBER: Final = secrets.randbelow(2**60) + 1
"""It is drawn at the start."""
