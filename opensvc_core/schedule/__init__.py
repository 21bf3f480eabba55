"""When something is due: schedules read, printed, and asked for the next run. Pure; moments and time zones come in as values."""
