"""Reads Redis Sentinel's configuration and converts it."""
