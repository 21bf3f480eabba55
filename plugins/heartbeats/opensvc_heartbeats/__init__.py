"""What heartbeat drivers share."""
