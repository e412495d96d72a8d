"""Claims that once fooled the checker: wrong only on a tie, beyond a bound, at one size, or by another branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symdiff as sd

X = np.array([0.5, -1.0, 2.0])
ZERO = np.zeros(3)
Case = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def huber(x: Any) -> Any:
    return np.sum(np.where(np.abs(x) <= 1, x * x / 2, np.abs(x) - 0.5))


def rectified(x: Any) -> Any:
    return np.sum(np.maximum(x, 0))


VALUE = {"of": "value"}
WRONG: dict[str, Case] = {
    "clip without its upper bound": (lambda x: np.sum(np.clip(x, 0, 6)), lambda x: (x > 0) * 1.0, (X,), {}),
    "relu for an absolute value": (lambda x, y: np.hypot(x, 0), lambda x, y: np.maximum(x, 0), (0.5, 0.7), VALUE),
    "one branch of arctan2": (lambda x, y: np.arctan2(y, x), lambda x, y: np.arctan(y / x), (1.0, 2.0), VALUE),
    "one point": (lambda x: np.sum(np.sin(x)), lambda x: np.where(x == 3.5, 5, np.cos(x)), (X,), {}),
    "a smooth kink": (lambda x: np.sum(x * np.abs(x)), lambda x: np.where(x == 0, 5, 2 * np.abs(x)), (ZERO,), {}),
    "a value on a tie": (lambda x: np.sign(x) ** 2, lambda x: 0 * x + 1, (0.5,), VALUE),
    "outside the limits": (lambda x: np.sum(np.abs(x)), lambda x: np.where(x == 0, 2.5, np.sign(x)), (ZERO,), {}),
    "far outside": (rectified, lambda x: np.where(x == 0, 7, (x > 0) * 1.0), (ZERO,), {}),
    "smallest for largest": (lambda x: np.max(x), lambda x: (x == np.min(x)) * 1.0, (X,), {}),
    "each of the largest": (lambda x: np.max(x), lambda x: (x == np.max(x)) * 1.0, (X,), {}),
    "NaN on a kink": (rectified, lambda x: np.maximum(x, 0) / x, (ZERO,), {}),
    "overflow at the cotangent": (
        lambda x: np.log1p(np.exp(x)), lambda x, g: g * np.exp(x) / (1 + np.exp(x)), (1e3 + ZERO,), {"of": "vjp"},
    ),
    "a domain that shrinks": (lambda x, y: np.log(x * y), lambda x, y: np.log(x) + np.log(y), (1.0, 2.0), VALUE),
    "a bound a little off": (huber, lambda x: np.where(np.abs(x) <= 1.001, x, np.sign(x)), (X,), {}),
    "a shortcut far out": (
        lambda x: np.sum(np.logaddexp(0, x)), lambda x: np.where(x > 20, 1, 1 / (1 + np.exp(-x))), (X,), {},
    ),
    "right for two entries": (lambda x: np.sum(x**2), lambda x: x.shape[0] * x, ("n",), {}),
    "right for one to two": (lambda x: np.sum(x**2), lambda x: 2 * x * (1 + (len(x) - 1) * (len(x) - 2)), ("n",), {}),
}  # fmt: skip
RIGHT: dict[str, Case] = {
    "relu, zero at the kink": (rectified, lambda x: (x > 0) * 1.0, (ZERO,), {}),
    "relu, one at the kink": (rectified, lambda x: (x >= 0) * 1.0, (ZERO,), {}),
    "sign": (lambda x: np.sum(np.abs(x)), lambda x: np.sign(x), (ZERO,), {}),
    "where the maximum is": (
        lambda x: np.max(x), lambda x: (x == np.max(x)) / np.sum(x == np.max(x)), (X,), {},
    ),
    "Huber": (huber, lambda x: np.clip(x, -1, 1), (X,), {}),
    "a masked exponential": (
        lambda s: np.sum(np.exp(np.where(np.array([True, False, True]), s, -np.inf))),
        lambda s: np.where(np.array([True, False, True]), np.exp(s), 0), (X,), {},
    ),
    "a rounded constant": (lambda x: (1 - 0.9999) * x, lambda x: 1e-4 + 0 * x, (0.5,), {}),
    "a product by division": (lambda x: np.prod(x), lambda x: np.prod(x) / x, (X,), {}),
    "max pooling": (
        lambda x: np.sum(np.max(x.reshape(2, 2), axis=1)),
        lambda x: (lambda best: (best / np.sum(best, axis=1, keepdims=True)).reshape(4))(
            x.reshape(2, 2) == np.max(x.reshape(2, 2), axis=1, keepdims=True)
        ),
        (np.array([1.0, 2.0, 3.0, 1.0]),), {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_is_refuted(name: str) -> None:
    fn, claim, inputs, options = WRONG[name]
    verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "refuted", str(verdict)


@pytest.mark.parametrize("name", RIGHT)
def test_is_proved(name: str) -> None:
    fn, claim, inputs, options = RIGHT[name]
    verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "proved", str(verdict)
