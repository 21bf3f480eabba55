"""An address that a device of the host has while the service is up."""
