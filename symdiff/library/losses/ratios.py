"""What are 0/0 and the direction of a zero vector in a loss? 0: the term is absent, the norm is at its minimum."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array


def ratio(a: Array, b: Array) -> Array:
    """``a / b``, and 0 wherever a is 0: a term of weight 0 is absent, also where its logarithm is infinite.

    >>> ratio(np.array([0.0, 1.0]), np.array([0.0, 2.0])).tolist()
    [0.0, 0.5]
    """
    return np.where(a == 0, 0, a) / np.where(a == 0, 1, b)


def norm(x: Array) -> Array:
    """The Euclidean norm along the last axis, which stays as an axis of one entry.

    Its derivative at the zero vector is taken as 0, the middle of the subdifferential (the unit ball), as in torch.

    >>> norm(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[5.0], [0.0]]
    """
    squared = np.sum(x**2, axis=-1, keepdims=True)
    return np.where(squared > 0, np.sqrt(np.where(squared > 0, squared, 1)), 0)


def direction(x: Array) -> Array:
    """``x / |x|`` along the last axis, the gradient of the norm; 0 for the zero vector.

    >>> direction(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    size = norm(x)
    return x / np.where(size > 0, size, 1)
