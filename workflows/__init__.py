"""Durable flows act on judgements. Outsiders need only `messages.py`; nothing here does I/O or reads a wall clock."""
