"""The durable state of a sentinel: one SQLite file, written by one thread."""
