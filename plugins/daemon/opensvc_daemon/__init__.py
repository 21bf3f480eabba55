"""The cluster daemon: what runs where is decided here, and tried in a simulated cluster."""
