"""The two doors into a graph: ``trace`` for ordinary NumPy code, and the builder for formulas of symbolic shape."""
