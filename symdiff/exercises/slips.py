"""What did somebody do who wrote this number? A few usual slips, tried one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symdiff.derivations.steps import Step
from symdiff.evaluation.arithmetics import BALLS
from symdiff.evaluation.exact import Objects

_FACTORS = {
    Fraction(-1): "minus the right value",
    Fraction(2): "twice the right value",
    Fraction(1, 2): "half the right value",
    Fraction(-2): "minus twice the right value",
    Fraction(-1, 2): "minus half the right value",
}
_POINTS = {Fraction(10) ** k: "the decimal point is in the wrong place" for k in (-3, -2, -1, 1, 2, 3)}
_CLEAR = Fraction(1, 100)  # a slip is named only where it is met to a percent


def slip(step: Step, written: Any, truth: Objects, values: Mapping[str, Objects]) -> str:
    """What a wrong value is instead, in some words; empty where none of the slips explains it."""
    for told, instead in _candidates(step, truth, values):
        if _is_met(written, instead):
            return told
    return ""


def _is_met(written: Any, instead: Objects) -> bool:
    """Whether an array is another one to the written digits, all of it, and not trivially."""
    if written.shape != instead.shape or all(cell is None or cell.value == 0 for cell in written.flat):
        return False
    return all(
        cell is not None and _is_near(cell, ball)
        for cell, ball in zip(written.flat, instead.flat, strict=True)
    )


def _is_near(cell: Any, ball: Any) -> bool:
    if not ball.is_finite():
        return False
    gap = abs(ball - BALLS.number(cell.value))
    return bool(gap <= BALLS.number(cell.half * Fraction(501, 500))) and bool(
        gap <= abs(ball) * BALLS.number(_CLEAR)
    )


def _candidates(step: Step, truth: Objects, values: Mapping[str, Objects]) -> Iterator[tuple[str, Objects]]:
    for factor, told in (_FACTORS | _POINTS).items():
        yield told, _times(truth, BALLS.number(factor))
    yield "1 minus the right value", _each(truth, lambda ball: 1 - ball)
    if truth.ndim == 2:
        yield "transposed", truth.T
    yield from _products(step, values)
    for name, value in values.items():
        if name != step.quantity and value.shape == truth.shape:
            yield f"that is the value of {name}", value


def _products(step: Step, values: Mapping[str, Objects]) -> Iterator[tuple[str, Objects]]:
    """A factor left out of a product, a path left out of a sum over paths."""
    if any(name not in values for factors in step.factors for name in factors):
        return
    shares = [(factors, _product([values[name] for name in factors])) for factors in step.factors]
    for factors, _ in shares:
        if len(shares) > 1:
            rest = [other for names, other in shares if names != factors]
            yield f"the path {' * '.join(factors)} is missing", _total(rest)
        for name in factors if len(factors) > 1 and len(shares) == 1 else ():
            kept = [values[other] for other in factors if other != name]
            yield f"the factor {name} is missing", _product(kept)


def _times(array: Objects, number: Any) -> Objects:
    return _each(array, lambda ball: ball * number)


def _each(array: Objects, function: Callable[[Any], Any]) -> Objects:
    result = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        result[place] = function(array[place])
    return result


def _product(parts: list[Objects]) -> Objects:
    found = parts[0]
    for part in parts[1:]:
        found = _times(found, part[()])
    return found


def _total(parts: list[Objects]) -> Objects:
    result = np.empty((), dtype=object)
    result[()] = sum(part[()] for part in parts)
    return result
