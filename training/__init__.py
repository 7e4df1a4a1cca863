"""How the networks that headstart carries came to be."""
