"""Raft with a log of one entry: the kind of agreement that needs nothing but the sentinels themselves."""
