"""What a driver is: base classes, capabilities, and the context handed to it."""
