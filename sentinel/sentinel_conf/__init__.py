"""Redis Sentinel's configuration, read and converted."""
