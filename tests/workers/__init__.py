"""Tests of the composition root, the embedded stack and the command line."""
