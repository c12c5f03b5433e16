"""The links between sentinels: the peers in touch, and their messages."""
