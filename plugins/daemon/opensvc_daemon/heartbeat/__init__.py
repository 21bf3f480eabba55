"""Heartbeats: how nodes tell each other that they are alive. Pure; moments, counters and random bytes come in as values."""
