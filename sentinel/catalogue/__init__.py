"""Which groups this sentinel watches, and with which settings."""
