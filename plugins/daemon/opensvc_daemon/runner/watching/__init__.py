"""Watching: what a change of a service's status can be waited for by, instead of looking again and again."""
