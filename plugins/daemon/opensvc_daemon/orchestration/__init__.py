"""What runs where, and why: `decide(view, now)` is a pure function of what one node knows of its cluster."""
