"""Scenarios of the decision: a cluster in a few readable lines, what its nodes decide, and what becomes of it."""
