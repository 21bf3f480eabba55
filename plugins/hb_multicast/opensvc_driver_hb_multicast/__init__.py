"""Beats to a multicast group."""
