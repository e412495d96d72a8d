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
