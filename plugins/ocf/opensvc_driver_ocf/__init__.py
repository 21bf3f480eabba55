"""Resource agents of the Open Cluster Framework as resources: one driver for all of them."""
