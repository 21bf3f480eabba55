"""A cluster in which nothing is real but the code that decides: virtual clocks, a virtual network, faults from a seed or a story."""
