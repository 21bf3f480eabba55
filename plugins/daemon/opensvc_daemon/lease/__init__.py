"""The lease: the right to run a service for some seconds, granted by a majority. Pure: the clock is an argument, messages are values."""
