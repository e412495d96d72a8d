"""Where the caller gave shapes only, the floats at inputs that symdiff chose itself are no reason to refute."""

from __future__ import annotations

from typing import Any

import numpy as np

import symdiff as sd


def variance(x: Any) -> Any:
    return np.sum(x**2) - np.sum(x) ** 2 / x.shape[0]


def cancelling(x: Any) -> Any:
    """Right in exact arithmetic; ((1e9 + 2x) - 1e9) has lost its digits in floats."""
    return ((1e9 + 2 * x) - 1e9) - 2 * np.sum(x) / x.shape[0]


def test_lost_digits_refute_at_the_callers_inputs_only() -> None:
    mine = sd.check(variance, cancelling, (np.array([1.0, 2.0, 1e-7]) * 1e-5,))
    assert mine.status == "refuted"
    assert mine.mistake is not None
    assert mine.mistake.kind == "cancellation"
    assert sd.check(variance, cancelling, {"x": "n"}).status == "proved"


def test_the_time_limit_holds_for_shapes_too() -> None:
    verdict = sd.check(variance, cancelling, {"x": "n"}, timeout=1e-9)
    assert verdict.status == "undecided"
    assert verdict.reason == "the time of 1e-09 s is over"


def layer(W: Any, x: Any) -> Any:
    return np.tanh(W @ x)


class LayerBackward:
    """A black box: 1 - tanh^2 has no digits left where tanh saturates, as it does at sizes that symdiff chooses."""

    def __call__(self, W: Any, x: Any, y_bar: Any) -> Any:
        W, x, y_bar = (np.array(np.ndarray.__array__(a)) for a in (W, x, y_bar))
        return np.outer(y_bar * (1 - np.tanh(W @ x) ** 2), x)


def test_a_black_box_is_not_refuted_for_digits_lost_where_symdiff_chose() -> None:
    verdict = sd.check(layer, LayerBackward(), {"W": "m n", "x": "n"}, of="vjp")
    assert verdict.status == "agrees", str(verdict)
