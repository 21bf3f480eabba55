"""A flag in memory: a resource for tests and tutorials that anybody may own."""
