"""Helpers for any process: clocks, tasks, files, logs, limits. None of them knows Vedette's purpose."""
