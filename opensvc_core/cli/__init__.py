"""The command line: one table of commands, a module for each, and what they print."""
