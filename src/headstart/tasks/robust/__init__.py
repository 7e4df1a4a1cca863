"""The parts of `headstart.tasks.robustness`: photos, curve, transfer and ensembles, the page."""
