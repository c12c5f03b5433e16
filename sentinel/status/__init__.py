"""The typed answers about a group."""
