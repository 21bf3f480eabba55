"""Applications that go to the background: a command starts them and ends, another one stops them."""
