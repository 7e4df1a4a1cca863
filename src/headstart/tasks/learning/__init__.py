"""The parts of `learn` and `forget`: what is corrected, the fits, what came of it, and its page."""
