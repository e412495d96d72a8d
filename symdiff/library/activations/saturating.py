"""Activations that saturate: the logistic sigmoid and the hyperbolic tangent."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry, Names


def sigmoid(x: Array) -> Array:
    r"""The logistic sigmoid, ``s(x) = 1 / (1 + exp(-x))``.

    ``x`` : any shape; smooth everywhere; values in (0, 1).

    >>> float(sigmoid(0.0))
    0.5
    """
    return 1 / (1 + np.exp(-x))


SIGMOID = Entry(
    sigmoid,
    "activation",
    {"x": "n"},
    source="Verhulst (1845)",
    notes="1.1.1",
    names=Names("torch.nn.functional.sigmoid", "jax.nn.sigmoid", "keras.activations.sigmoid"),
)


@SIGMOID.derivative
def sigmoid_backward(x: Array, y_bar: Array) -> Array:
    """s' = s (1 - s)."""
    s = sigmoid(x)
    return y_bar * s * (1 - s)


@SIGMOID.second
def sigmoid_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """s'' = s (1 - s) (1 - 2 s)."""
    s = sigmoid(x)
    return y_bar * s * (1 - s) * (1 - 2 * s) * v


@SIGMOID.mistake("stale")
def sigmoid_of_the_preactivation(x: Array, y_bar: Array) -> Array:
    """x (1 - x): the rule for the output, applied to the input."""
    return y_bar * x * (1 - x)
