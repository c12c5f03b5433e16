"""What any process has: clocks, tasks, files, logs, limits. Nothing of it knows what Vedette is for."""
