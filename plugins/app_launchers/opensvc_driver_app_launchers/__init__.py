"""Launchers: links in a service's folder that say what is started, stopped and checked, in the order of their numbers."""
