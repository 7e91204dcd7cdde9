"""Workflows on a real Temporal server, over a shop in memory."""
