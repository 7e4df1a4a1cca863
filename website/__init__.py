"""The documents as a site, and the pages of the lesson as notebooks."""
