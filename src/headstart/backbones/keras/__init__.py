"""Keras's networks: (graph of layers) => a torch module that runs it; from outside, channels come first."""
