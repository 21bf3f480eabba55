"""The monitor: a node's decisions, carried out. It reads everything, decides once, and tells its peers."""
