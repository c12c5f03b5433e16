"""One group on the event loop: everything that runs it."""
