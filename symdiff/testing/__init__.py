"""How does one test derivatives with Hypothesis? Random graphs, shapes that agree, inputs of a traced function.

The strategies need Hypothesis, which is imported with this package and nowhere else.
"""

from symdiff.testing.strategies import contractions, graphs, points_for, rationals, shapes_for

__all__ = ["contractions", "graphs", "points_for", "rationals", "shapes_for"]
