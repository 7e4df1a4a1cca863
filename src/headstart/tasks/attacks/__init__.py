"""The parts of `headstart.tasks.attack`: the photo, its files, what was measured, the picture."""
