"""Doubles and real processes that stand in for the outside world; each one keeps score."""
