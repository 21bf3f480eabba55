"""What the drivers of applications and tasks share: commands, the processes that they become, how these are found again."""
