"""Losses of regression: squared, absolute, and what lies between."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry, Names


def mse(y_hat: Array, y: Array) -> Array:
    """Mean squared error, ``mean((y_hat - y)^2)`` over all entries.

    ``y_hat``, ``y`` : n d; a number; smooth, convex in ``y_hat``.

    >>> float(mse(np.array([1.0, 3.0]), np.array([1.0, 1.0])))
    2.0
    """
    return np.mean((y_hat - y) ** 2)


MSE = Entry(
    mse,
    "loss",
    {"y_hat": "n d", "y": "n d"},
    source="Gauss (1809)",
    notes="1.2.1",
    names=Names(
        "torch.nn.functional.mse_loss",
        "optax.squared_error",
        "keras.losses.MeanSquaredError",
        "optax returns one value for each entry; keras.losses reduce the last axis first, with the same mean.",
    ),
)


@MSE.derivative
def mse_gradient(y_hat: Array, y: Array) -> Array:
    """2 (y_hat - y) / N, with N the number of entries."""
    return 2 * (y_hat - y) / y.size


@MSE.mistake("factor")
def mse_gradient_without_the_mean(y_hat: Array, y: Array) -> Array:
    """2 (y_hat - y): the gradient of the sum."""
    return 2 * (y_hat - y)
