"""A loss of somebody else, in one file: everything that symdiff needs to know of it stands here."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.library import Entry, Names

Array = Any


def charbonnier(y_hat: Array, y: Array, *, eps: float = 0.5) -> Array:
    """The mean of ``sqrt((y_hat - y)^2 + eps^2)``: a smooth absolute error.

    ``y_hat``, ``y`` : n d.
    """
    return np.mean(np.sqrt((y_hat - y) ** 2 + eps**2))


CHARBONNIER = Entry(
    charbonnier,
    "loss",
    {"y_hat": "n d", "y": "n d"},
    source="Charbonnier, Blanc-Feraud, Aubert and Barlaud (1994)",
    names=Names(differs="not in torch"),
)


@CHARBONNIER.derivative
def charbonnier_gradient(y_hat: Array, y: Array, *, eps: float = 0.5) -> Array:
    """e / sqrt(e^2 + eps^2) / N."""
    e = y_hat - y
    return e / np.sqrt(e**2 + eps**2) / e.size


@CHARBONNIER.second
def charbonnier_curvature(y_hat: Array, y: Array, v: Array, *, eps: float = 0.5) -> Array:
    """eps^2 (e^2 + eps^2)^(-3/2) v / N."""
    e = y_hat - y
    return eps**2 * (e**2 + eps**2) ** -1.5 * v / e.size


@CHARBONNIER.mistake("factor")
def charbonnier_gradient_of_the_sum(y_hat: Array, y: Array, *, eps: float = 0.5) -> Array:
    """The mean is forgotten."""
    e = y_hat - y
    return e / np.sqrt(e**2 + eps**2)
