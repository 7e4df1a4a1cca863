"""Known public data sets: their facts, how their archives are laid out, and where they lie on this disk."""
