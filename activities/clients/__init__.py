"""The only code that speaks HTTP, Redis or SQL; every error leaves as one of `activities/errors.py`."""
