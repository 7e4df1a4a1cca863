"""A trained model => the pieces of the plain script that `headstart eject` writes."""
