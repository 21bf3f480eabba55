"""The nouns of the agent as values: names, status, operations, snapshots, events."""
