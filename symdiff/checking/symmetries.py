"""What does a function's own symmetry demand of its derivative? Shifted, scaled and mirrored arguments.

If ``f(x + c) = f(x)`` the gradient sums to 0; if ``f(t x) = t^k f(x)`` then ``sum(x * dx) = k f`` (Euler, 1755); an
even function has an odd gradient.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from symdiff.checking.moving import Invariant, Moving, ball, entry, pairs, unfit
from symdiff.checking.wording import ball_text
from symdiff.evaluation.arithmetics import BALLS
from symdiff.evaluation.exact import Objects, as_objects, lift

_SHIFTS = tuple(Fraction(*pair) for pair in ((1, 1), (-3, 2), (40, 1), (-1, 7), (-1000, 1), (5, 3), (2, 1)))
_FACTORS = tuple(Fraction(*pair) for pair in ((2, 1), (3, 1), (1, 2), (7, 1), (100, 1), (1, 30), (5, 2)))
_DEGREES = tuple(Fraction(n, 2) for n in (0, 2, 4, 1, -2, -1, 6, 8, -4, 3))

# A constant is added ----------------------------------------------------------------------------------------


def shift(moving: Moving) -> Iterator[Invariant]:
    """What follows if the function does not feel a constant that is added, or grows by it."""
    if moving.node is None or not moving.point[moving.node].ndim:
        return
    rank = moving.point[moving.node].ndim
    for axis in [*range(rank - 1, -1, -1), None] if rank > 1 else [None]:
        rate = _rate(moving, axis)
        if rate is None:
            continue
        found = _summed(moving, axis, rate)
        if found is not None:
            yield found
        return


def _rate(moving: Moving, axis: int | None) -> int | None:
    """How many times the constant the function grows, if that is the same everywhere."""
    size = int(moving.point[moving.node or 0].size)
    has_rates = axis is None and moving.question.of != "jacobian" and len(moving.extras) < 2
    for rate in dict.fromkeys((0, 1, size) if has_rates else (0,)):

        def grown(here: Any, turn: int, rate: int = rate) -> Any:
            return here + rate * ball(_SHIFTS[turn])

        if moving.holds(lambda x, turn: _shifted(x, _SHIFTS[turn], axis), grown):
            return rate
    return None


def _shifted(x: Objects, by: Fraction, axis: int | None) -> Objects:
    """x with a constant added, another one for each position that does not lie along the axis."""
    if axis is None:
        return as_objects(x + by)
    others = tuple(size for k, size in enumerate(x.shape) if k != axis)
    steps = np.array([by * (k + 1) for k in range(math.prod(others))], dtype=object).reshape(others)
    return as_objects(x + np.expand_dims(steps, axis))


def _summed(moving: Moving, axis: int | None, rate: int) -> Invariant | None:
    truth, claim = moving.truth(moving.point), moving.claim(moving.point)
    if truth is None or claim is None:
        return None
    rank = moving.point[moving.node or 0].ndim
    axes = tuple(range(-rank, 0)) if axis is None else (axis - rank,)
    wanted, given = (np.ravel(np.sum(array, axis=axes)) for array in (truth, claim))
    right, demand = _demand(moving, rate)
    if not all(v.overlaps(right) for v in wanted):
        return None
    name, fn = moving.name, moving.fn
    if rate:
        times = "" if rate == 1 else f"{rate}*"
        said, total = f"{fn}({name} + c) = {fn}({name}) + {times}c", f"sum({moving.symbol})"
    elif axis is None:
        said, total = f"{fn} does not change when a constant is added to {name}", f"sum({moving.symbol})"
    else:
        said = f"{fn} does not change when a constant is added along axis {axis} of {name}"
        total = f"every sum of {moving.symbol} along axis {axis}"
    if len(wanted) > 1 and axis is None:
        total = f"every sum of {moving.symbol} over {name}"
    off = next((v for v in given if not v.overlaps(right)), None)
    broken = "" if off is None else f"yours is {ball_text(off)}"
    return Invariant(
        f"{said}, so {total} must be {demand}", f"{total} = {demand.partition(' = ')[0]}", broken
    )


def _demand(moving: Moving, rate: int) -> tuple[Any, str]:
    """The sum that a right answer has, as a ball and in words."""
    if moving.question.of in ("hessian", "hvp"):
        return ball(Fraction(0)), "0"
    if moving.question.of != "vjp" or not rate:
        return ball(Fraction(rate)), str(rate)
    total = rate * sum((moving.point[n].sum() for n in moving.extras), Fraction(0))
    return ball(total), f"{'' if rate == 1 else f'{rate}*'}sum({moving.extra_names[0]}) = {total}"


# Scaled -----------------------------------------------------------------------------------------------------


def degree(moving: Moving) -> Iterator[Invariant]:
    """What follows if the function is homogeneous."""
    is_first = moving.question.of in ("gradient", "vjp") and len(moving.extras) < 2
    if moving.node is None or not is_first or not any(_is_not_zero(y) for _, y in moving.drawn):
        return
    for k in _DEGREES:

        def scaled(here: Any, turn: int, k: Fraction = k) -> Any:
            return ball(_FACTORS[turn]) ** ball(k) * here

        if moving.holds(lambda x, turn: as_objects(x * _FACTORS[turn]), scaled):
            found = _euler(moving, k)
            if found is not None:
                yield found
            return


def _is_not_zero(outputs: list[Objects]) -> bool:
    return any(not value.contains(0) for array in outputs for value in array.ravel())


def _euler(moving: Moving, degree: Fraction) -> Invariant | None:
    truth, claim, here = moving.truth(moving.point), moving.claim(moving.point), moving.outputs(moving.point)
    if truth is None or claim is None or here is None or moving.node is None:
        return None
    x = lift(moving.point[moving.node], BALLS)
    wanted, given = np.sum(x * truth), np.sum(x * claim)
    seeds = [lift(moving.point[n], BALLS) for n in moving.extras] or [as_objects(ball(Fraction(1)))]
    total = sum((np.sum(g * y) for g, y in zip(seeds, here, strict=True)), ball(Fraction(0)))
    right = ball(degree) * total
    if not wanted.overlaps(right):
        return None
    name, fn = moving.name, moving.fn
    value = f"sum({moving.extra_names[0]} * {fn}({name}))" if moving.extras else f"{fn}({name})"
    product = f"sum({name} * {moving.symbol})" if x.ndim else f"{name} * {moving.symbol}"
    said, demand = _scaling(degree, fn, name)
    demand = f"{demand}{value}" if degree else "0"
    must = f"{demand} = {ball_text(right)}" if degree else "0"
    broken = "" if given.overlaps(right) else f"yours is {ball_text(given)}"
    return Invariant(f"{said}, so {product} must be {must}", f"{product} = {demand}", broken)


def _scaling(degree: Fraction, fn: str, name: str) -> tuple[str, str]:
    if not degree:
        return f"{fn} does not change when {name} is multiplied by t > 0", ""
    power = (
        "t" if degree == 1 else f"t**{degree}" if degree > 0 and degree.denominator == 1 else f"t**({degree})"
    )
    return f"{fn}(t*{name}) = {power} * {fn}({name}) for t > 0", "" if degree == 1 else f"{degree} * "


# Mirrored ---------------------------------------------------------------------------------------------------


def parity(moving: Moving) -> Iterator[Invariant]:
    """What follows if the function is even or odd."""
    if moving.node is None or moving.question.of not in ("gradient", "vjp"):
        return
    for sign in (1, -1):

        def mirrored(here: Any, turn: int, sign: int = sign) -> Any:
            return sign * here

        if moving.holds(lambda x, turn: as_objects(-x), mirrored):
            found = _mirrored(moving, sign)
            if found is not None:
                yield found
            return


def _mirrored(moving: Moving, sign: int) -> Invariant | None:
    assert moving.node is not None
    x = moving.point[moving.node]
    both = (moving.point, {**moving.point, moving.node: as_objects(-x)})
    (here, there), truths = [moving.claim(p) for p in both], [moving.truth(p) for p in both]
    if here is None or there is None or truths[0] is None or truths[1] is None:
        return None
    if not all(b.overlaps(-sign * a) for a, b in pairs(truths[0], truths[1])):
        return None
    name, d = moving.name, moving.symbol
    said = f"{moving.fn}(-{name}) = {'' if sign == 1 else '-'}{moving.fn}({name})"
    must = f"change its sign with {name}" if sign == 1 else f"be the same at {name} and -{name}"
    off = unfit(here, there, lambda a, b: b.overlaps(-sign * a))
    broken = ""
    if off is not None:
        own, other = ball_text(here[off]), ball_text(there[off])
        is_zero = all(v == 0 for v in x.ravel())
        at = f"is {own} at {name} = 0" if is_zero else f"is {own}, and {other} at -{name}"
        broken = f"your {entry(d, off)} {at}"
    return Invariant(
        f"{said}, so {d} must {must}", f"{d} is {'odd' if sign == 1 else 'even'} in {name}", broken
    )
