"""The driver kit: a package with a driver that works, for its author to change."""
