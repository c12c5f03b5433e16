"""Watches the Redis servers of a group: probes, connections, INFO."""
