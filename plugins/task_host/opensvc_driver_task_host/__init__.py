"""Tasks: commands that run on this host now and then, and end."""
