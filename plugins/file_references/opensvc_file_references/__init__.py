"""Values of a service file that stand in a file of their own."""
