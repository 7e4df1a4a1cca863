"""(network, what is wanted) => the picture that has most of it: recipes, and what follows them."""
