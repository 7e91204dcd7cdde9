"""Real conversations over real HTTP while parts of the stack are killed and the shop misbehaves, judged by its books.

`cells.py` lists what goes wrong where, `checker.py` says what counts as a broken promise, `campaign.py` plays both.
"""
