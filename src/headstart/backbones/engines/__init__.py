"""PIXELS -> ROWS: what runs a frozen network, and the short trial that chooses among them.

`choose` is where to start; every engine says in its `identity` all that can change a bit of a row.
"""
