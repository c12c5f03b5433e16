"""One group's life on the event loop."""
