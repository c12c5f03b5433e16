"""What tells this process from any other, also of the same sentinel."""

from __future__ import annotations

import secrets
from typing import Final

NUMBER: Final = secrets.randbelow(2**60) + 1
"""Drawn at the start."""
