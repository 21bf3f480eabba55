"""Replication by rsync: files of a service, and its own configuration, copied to its other nodes."""
