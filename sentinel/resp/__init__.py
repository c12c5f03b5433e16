"""The Sentinel protocol."""
