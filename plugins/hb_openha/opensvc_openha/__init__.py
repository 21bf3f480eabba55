"""The manager of OpenHA clusters: two nodes, each service on one of them."""
