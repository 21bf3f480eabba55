"""A service on this node: its resources made, their status seen, its actions carried out."""
