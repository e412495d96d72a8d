"""How does one test derivatives with Hypothesis? Random graphs, agreeing shapes, inputs of a function.

The strategies need Hypothesis, which is imported with this package and nowhere else.
"""

from symdiff.testing.entries import inputs_of, property_test
from symdiff.testing.inputs import inputs_for
from symdiff.testing.strategies import contractions, graphs, points_for, rationals, shapes_for

__all__ = [
    "contractions",
    "graphs",
    "inputs_for",
    "inputs_of",
    "points_for",
    "property_test",
    "rationals",
    "shapes_for",
]
