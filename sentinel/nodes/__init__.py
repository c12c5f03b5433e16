"""How a sentinel watches the Redis servers of a group: probes, links, INFO."""
