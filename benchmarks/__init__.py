"""Vedette side by side with redis-sentinel, on the same machine in the same run."""
