"""Recorded histories of the main flows. Record them again with `python -m tests.replays.record`."""
