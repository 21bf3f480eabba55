"""Watchdog watchdog.device: a watchdog device of the kernel."""
