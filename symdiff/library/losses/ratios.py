"""What is a term of weight 0 where its factor is infinite, and how does a norm leave the zero vector?"""

from __future__ import annotations

import numpy as np

from symdiff.library import Array


def ratio(a: Array, b: Array) -> Array:
    """``a / b``, and 0 wherever a is 0: a term of weight 0 is absent, also where its logarithm is infinite.

    >>> ratio(np.array([0.0, 1.0]), np.array([0.0, 2.0])).tolist()
    [0.0, 0.5]
    """
    return np.where(a == 0, 0, a) / np.where(a == 0, 1, b)


def norm(x: Array, eps: Array = 0.0) -> Array:
    """The length ``sqrt(|x|^2 + eps)`` along the last axis, which stays as an axis of one entry.

    For eps > 0 it is smooth at the zero vector too: there its derivative is 0, the middle of the unit ball.

    >>> norm(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[5.0], [0.0]]
    """
    return np.sqrt(np.sum(x**2, axis=-1, keepdims=True) + eps)


def turned(x: Array, v: Array, eps: Array) -> Array:
    """``(v - u u'v) / norm``: how ``u = x / norm``, the gradient of the norm, turns when x moves by v."""
    size = norm(x, eps)
    u = x / size
    return (v - u * np.sum(u * v, axis=-1, keepdims=True)) / size
