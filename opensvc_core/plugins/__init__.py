"""Plugins: what is installed, whose a name is, and the loading of a plugin whose faults stay its own."""
