"""(network, photo) => what its layers see: maps, kernels, the patches that excite a channel most."""
