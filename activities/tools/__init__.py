"""One file is one tool a model may propose. To add one: write the file, then its line in `activities/catalog.py`."""
