"""(network, photo, class) => which places an answer comes from, and whether such a map can be believed."""
