"""Plans: which resources an action is about, and in which order. Pure."""
