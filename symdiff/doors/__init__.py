"""The doors into a graph: ``trace`` for ordinary NumPy code, the builder for formulas of symbolic shape."""
