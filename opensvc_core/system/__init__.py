"""The host: commands, files, locks, processes, control groups, clocks."""
