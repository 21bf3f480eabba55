"""Tells a web server what services do."""
