"""The composition root: settings, wiring, one entry per task queue, the embedded stack, the command line, telemetry.

No rules live here. To add a task queue, add an entry to `queues.py`; to add a process to the embedded stack, a part to
`parts.py`.
"""
