"""The steps of `ask`: a pile of photos to the few worth a label, each with its reason in words."""
