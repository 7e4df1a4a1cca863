"""(networks, photos) => how easily they are fooled: ensembles, defences, whether gradients can be trusted."""
