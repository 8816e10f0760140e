"""Scores a large file: rows in, a prediction for each, in their order, across interruptions."""
