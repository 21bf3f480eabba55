"""What the cluster asks outside of itself before it trusts itself: fence agents and arbitrators."""
