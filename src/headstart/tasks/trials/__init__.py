"""The parts of `headstart.tasks.tricks`: pictures, networks, the list of tricks, runs, effects, the page."""
