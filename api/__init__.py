"""The API carries messages: HTTP on one side, Temporal (only in `line.py`) and the Redis event stream on the other.

What belongs: routes, tokens, rate limits, problem documents, server-sent events. What does not: any decision about a
conversation or about money. A new route goes into the file of its subject and is included in `app.py`; a new refusal
is one line in the table of `problems.py`.
"""
