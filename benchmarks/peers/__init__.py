"""What people use today, each in a script of its own that runs in the peers' environment (`make peers`).

Nothing here is imported by headstart, and a peer's libraries only when its script runs.
"""
