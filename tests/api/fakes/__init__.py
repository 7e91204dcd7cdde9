"""Scripted workflows that obey the contract of `workflows/messages.py`, and the servers around them."""
