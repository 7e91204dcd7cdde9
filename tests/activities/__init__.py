"""Tests of the activities room: tools, clients, hydration, read-back and the event log."""
