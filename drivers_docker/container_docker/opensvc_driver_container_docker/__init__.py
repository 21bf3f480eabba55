"""Docker containers that are up while the service is up, in a docker daemon of the service's own or in the host's."""
