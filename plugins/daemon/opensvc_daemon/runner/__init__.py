"""The runner: carries out actions in children of its own, looks at services, and waits for what changes them."""
