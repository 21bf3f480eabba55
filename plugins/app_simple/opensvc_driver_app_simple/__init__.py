"""Applications that run in the foreground: the agent starts them and finds them again."""
