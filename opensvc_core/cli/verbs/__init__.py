"""The verbs: a module for each, imported when it runs."""
