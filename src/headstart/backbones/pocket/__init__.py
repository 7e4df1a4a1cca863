"""The backbone that headstart carries with it: a small network, its weights, and where they come from."""
