"""Files of policy texts read into blocks: one file for each format, `files.py` is the door; nothing here judges."""
