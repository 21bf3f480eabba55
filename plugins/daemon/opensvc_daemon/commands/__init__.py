"""What people and scripts ask of the daemon, from the command line."""
