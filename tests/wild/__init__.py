"""Situations that people report of Redis in production, each as it goes with Vedette and with Sentinel."""
