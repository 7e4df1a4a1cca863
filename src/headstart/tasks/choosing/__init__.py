"""The parts of `choose`: which networks, on which photos, how good, how fast, and which one then."""
