"""How is a formula written on paper? In matrix or index notation, with known functions by name."""
