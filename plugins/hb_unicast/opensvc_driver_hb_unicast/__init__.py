"""Beats from each node to each other node."""
