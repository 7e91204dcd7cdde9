"""Tests of what measures: sets are read as they are written, and scores are what textbooks say."""
