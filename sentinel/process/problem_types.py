"""How the kinds of problems (RFC 9457) are named to programs, by whoever answers and whoever asks."""

TYPE_PREFIX = "urn:vedette:problem:"
"""Of every ``type``; the kind follows."""
