"""What must survive a crash: one SQLite file, written by one thread."""
