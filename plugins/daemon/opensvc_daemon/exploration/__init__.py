"""Exhaustive exploration: every state that a small cluster can reach, by the very code of the decision, and what must hold in each."""
