"""The API over real HTTP, a real Temporal server and a real Redis, with scripted workflows behind the line."""
