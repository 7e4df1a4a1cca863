"""(one framework's weights) => the same numbers in another framework, and how far both agree."""
