"""What commands have in common: how a sentinel is asked, and how answers are shown."""
