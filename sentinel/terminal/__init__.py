"""The parts of commands that ask sentinels and show their answers."""
