"""What operators have asked for, and what became of it."""
