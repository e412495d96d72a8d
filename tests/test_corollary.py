"""Is a second order that follows from a proved first one told so, and only then?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import symdiff as sd
from symdiff.library.corollary import following
from symdiff.library.second_order import curvature_of

INPUTS = {"w": "d", "X": "n d"}


def loss(w: Any, X: Any) -> Any:
    return np.sum(np.tanh(X @ w) ** 2)


def gradient(w: Any, X: Any) -> Any:
    a = np.tanh(X @ w)
    return 2 * X.T @ (a * (1 - a**2))


def double(w: Any, X: Any) -> Any:
    return 2 * gradient(w, X)


def nearly(w: Any, X: Any) -> Any:
    """Off by one part in ten million: floats with a tolerance would let it pass."""
    return gradient(w, X) * (1 + 1e-7)


def test_follows_from_a_proof() -> None:
    first = sd.check(loss, gradient, INPUTS)
    second = curvature_of(gradient, ["w", "X"], "w")
    verdict = following(first, loss, second, INPUTS, "w", {})
    assert verdict is not None
    assert verdict.status == "proved"
    assert any("follows from the proof of the first order" in road for road in verdict.evidence.roads)


def test_does_not_follow_where_balls_differ_or_nothing_was_proved() -> None:
    first = sd.check(loss, gradient, INPUTS)
    assert following(first, loss, curvature_of(double, ["w", "X"], "w"), INPUTS, "w", {}) is None
    assert following(first, loss, curvature_of(nearly, ["w", "X"], "w"), INPUTS, "w", {}) is None
    agreed = replace(first, status="agrees")
    assert following(agreed, loss, curvature_of(gradient, ["w", "X"], "w"), INPUTS, "w", {}) is None
