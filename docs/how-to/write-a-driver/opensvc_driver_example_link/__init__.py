"""A symbolic link that is there while the service is up."""
