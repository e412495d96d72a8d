"""Graph to values: straight-line programs in several arithmetics."""
