"""The parts of `newkind`: which layers, how good each is, what that says, what a model makes of it."""
