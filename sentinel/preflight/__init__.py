"""Preflights: look for anything that would make the next failover fail or lose data."""
