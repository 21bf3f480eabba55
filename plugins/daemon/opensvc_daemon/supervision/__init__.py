"""What keeps the processes of the daemon alive: small, so that nothing in it can fail."""
