"""A file attached as a block device while the service is up."""
