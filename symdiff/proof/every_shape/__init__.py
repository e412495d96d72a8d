"""Are two graphs equal for every shape? A normal form in index notation, over symbolic sizes."""
