"""File systems of the ext family, checked and mounted while the service is up."""
