"""The steps of `catalogue`: photos to entries, entries to a folder that is brought up to date."""
