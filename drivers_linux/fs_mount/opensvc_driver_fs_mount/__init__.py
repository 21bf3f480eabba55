"""File systems of the types that mount knows, mounted while the service is up."""
