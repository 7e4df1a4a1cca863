"""One function a verb: the journey put together, for Python users and for the command line."""
