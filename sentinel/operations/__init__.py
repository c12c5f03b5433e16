"""Operators' requests and their outcomes."""
