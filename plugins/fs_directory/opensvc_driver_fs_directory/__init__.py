"""A directory that is there while the service needs it."""
