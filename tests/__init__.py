"""Tests mirror the rooms; `fakes/` holds the doubles that keep score."""
