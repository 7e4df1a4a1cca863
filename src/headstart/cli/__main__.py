"""`python -m headstart.cli` is `headstart`."""

from headstart.cli import main

main()
