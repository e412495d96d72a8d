"""Functions with kinks, ties, gaps and edges, and derivatives of them with a value of one's own there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

X = np.array([0.5, -1.0, 2.0])
ZERO = np.zeros(3)
TIED = np.array([1.0, 1.0, 0.0])
ROWS = np.array([[2.0, 1.0], [-1.0, 0.5], [0.25, -0.75], [1.5, 1.0]])
WEIGHTS = np.array([1.125, -0.5, 0.75, 2.0])


def step(c: float, below: float = 0.0, above: float = 1.0) -> Callable[[Any], Any]:
    """One slope below zero, one above, and any value at zero."""
    return lambda x: np.where(x > 0, above, np.where(x < 0, below, c))


def rectified(x: Any) -> Any:
    return np.sum(np.maximum(x, 0))


def above_a_tenth(x: Any) -> Any:
    return np.sum(np.maximum(x - 0.1, 0))


def absolute(x: Any) -> Any:
    return np.sum(np.abs(x))


def clipped(x: Any) -> Any:
    return np.sum(np.clip(x, -1, 1))


def at_bounds(c: float) -> Callable[[Any], Any]:
    return lambda x: np.where(np.abs(x) < 1, 1.0, np.where(np.abs(x) > 1, 0.0, c))


def shares(x: Any) -> Any:
    best = x == np.max(x)
    return best / np.sum(best)


def huber(x: Any) -> Any:
    return np.sum(np.where(np.abs(x) <= 1, x * x / 2, np.abs(x) - 0.5))


def hinge(w: Any, x: Any, y: Any) -> Any:
    return np.maximum(0, 1 - y * (w @ x))


def hinge_slope(c: float) -> Callable[..., Any]:
    return lambda w, x, y: -y * x * step(c)(1 - y * (w @ x))


def softplus(x: Any) -> Any:
    return np.sum(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))


def log_sum_exp(x: Any) -> Any:
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def through_the_shift(x: Any) -> Any:
    e, dm = np.exp(x - np.max(x)), shares(x)
    return dm + (e - np.sum(e) * dm) / np.sum(e)


def elu(x: Any) -> Any:
    return np.sum(np.where(x > 0, x, 2 * (np.exp(x) - 1)))


def variation(x: Any) -> Any:
    return np.sum(np.abs(x[1:] - x[:-1]))


def variation_slope(c: float) -> Callable[[Any], Any]:
    def slope(x: Any) -> Any:
        s = step(c, -1.0)(x[1:] - x[:-1])
        return np.concatenate([-s[:1], s[:-1] - s[1:], s[-1:]])

    return slope


def median(x: Any) -> Any:
    a, b, c = x[0], x[1], x[2]
    return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))


def norm(x: Any) -> Any:
    return np.sqrt(np.sum(x**2))


def guarded(g: Any) -> Callable[[Any], Any]:
    """The gradient of the norm, with a value of one's own at zero."""
    return lambda x: np.where(norm(x) == 0, g, x / np.where(norm(x) == 0, 1, norm(x)))


def quotient(x: Any) -> Any:
    return np.sin(x) / x


def quotient_slope(c: float) -> Callable[[Any], Any]:
    def slope(x: Any) -> Any:
        s = np.where(x == 0, 1, x)
        return np.where(x == 0, c, (s * np.cos(s) - np.sin(s)) / s**2)

    return slope


def relative(x: Any) -> Any:
    return np.expm1(x) / x


def relative_slope(c: float) -> Callable[[Any], Any]:
    def slope(x: Any) -> Any:
        s = np.where(x == 0, 1, x)
        return np.where(x == 0, c, (s * np.exp(s) - np.expm1(s)) / s**2)

    return slope


def filled(x: Any) -> Any:
    return np.where(x == 0, 1, np.expm1(x) / np.where(x == 0, 1, x))


def distance(x: Any, y: Any) -> Any:
    return np.sqrt(np.sum((x - y) ** 2))


def distance_slope(g: float) -> Callable[[Any, Any], Any]:
    return lambda x, y: np.where(distance(x, y) == 0, g, (x - y) / distance(x, y))


def layer(x: Any) -> Any:
    return WEIGHTS @ np.maximum(ROWS @ x, 0)


def layer_slope(c: float) -> Callable[[Any], Any]:
    return lambda x: ROWS.T @ (WEIGHTS * step(c)(ROWS @ x))


def larger(x: Any, y: Any) -> Any:
    return np.sum(np.maximum(x, y))


def signed_square(x: Any) -> Any:
    return np.sum(x * np.abs(x))


def cube(x: Any) -> Any:
    return np.sum(np.abs(x) ** 3)


def leaky(x: Any) -> Any:
    return np.sum(np.where(x > 0, x, 0.1 * x))


def two_sided(x: Any) -> Any:
    return np.sum(np.maximum(x, 0) - np.maximum(-x, 0))


def pooled(x: Any) -> Any:
    return np.max(x.reshape(2, 2), axis=1)


def pooled_back(shared: bool) -> Callable[[Any, Any], Any]:
    def back(x: Any, g: Any) -> Any:
        rows = x.reshape(2, 2)
        best = rows == np.max(rows, axis=1, keepdims=True)
        count = np.sum(best, axis=1, keepdims=True) if shared else 1
        return (best / count * g[:, None]).reshape(4)

    return back
