"""Checks: each module finds one kind of thing that is wrong or doubtful in a file."""
