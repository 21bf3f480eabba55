"""The beat process: all heartbeats of a node and the lease clock, nothing else. It imports little and outlives the monitor."""
