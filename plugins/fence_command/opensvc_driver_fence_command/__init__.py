"""Fence agent stonith.command: a command of the administrator."""
