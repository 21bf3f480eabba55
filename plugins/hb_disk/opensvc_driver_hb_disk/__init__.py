"""Beats by a shared disk."""
