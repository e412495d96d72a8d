"""Which properties of every right answer does a claim keep, and which does it break? They need no reference.

The symmetries of the function are tested on the function itself, in ball arithmetic; a Hessian is symmetric and a vjp
linear in its cotangent whatever the function is. What the claim breaks is certified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from symdiff.checking.comparing import PRECISIONS
from symdiff.checking.domains import Domain
from symdiff.checking.moving import Invariant, Moving, entry, pairs, unfit
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.checking.symmetries import degree, parity, shift
from symdiff.checking.wording import ball_text
from symdiff.errors import OutOfTime
from symdiff.evaluation.arithmetics import working_precision
from symdiff.evaluation.exact import Objects, as_objects


def invariants(question: Question, target: int, point: Point, domain: Domain) -> list[Invariant]:
    """The invariants that the truth has, ``broken`` where the claim breaks them at the point; simplest first.

    At the deadline those that were found by then.
    """
    moving, found = Moving(question, target, point, domain), list[Invariant]()
    with working_precision(PRECISIONS[0]):
        try:
            for find in (shift, _symmetry, _linearity, parity, degree):
                found.extend(find(moving))
        except OutOfTime:
            pass
    return found


# Second derivatives, and what the claim is applied to -------------------------------------------------------


def _symmetry(moving: Moving) -> Iterator[Invariant]:
    names = moving.question.targets[moving.target].split(", ")
    truth, claim = moving.truth(moving.point), moving.claim(moving.point)
    is_block = moving.question.of == "hessian" and len(set(names)) == 1
    if not is_block or truth is None or claim is None or truth.ndim < 2:
        return
    half = truth.ndim // 2
    turned = [*range(half, 2 * half), *range(half)]
    if not all(a.overlaps(b) for a, b in pairs(truth, truth.transpose(turned))):
        return
    off = unfit(claim, claim.transpose(turned), _meet)
    broken = ""
    if off is not None:
        places = (off, off[half:] + off[:half])
        broken = "yours has " + " and ".join(f"{entry('H', p)} = {ball_text(claim[p])}" for p in places)
    yield Invariant("a Hessian is symmetric", "symmetric", broken)


def _linearity(moving: Moving) -> Iterator[Invariant]:
    here = moving.claim(moving.point) if moving.extras else None
    if here is None:
        return
    name = moving.extra_names[0]
    sentence = f"a {moving.question.of} is linear in its {moving.question.extra}"
    for factor, words in ((0, f"{name} = 0"), (2, f"2*{name}"), (-1, f"-{name}")):
        there = _applied(moving, partial(_times, factor))
        if there is None:
            return
        off = unfit(_times(factor, here), there, _meet)
        if off is not None:
            old, new = ball_text(here[off]), ball_text(there[off])
            went = f"stays {old}" if old == new else f"goes from {old} to {new}"
            said = f"with {words} your {entry(moving.symbol, off)} {went if factor else f'is {new}, not 0'}"
            yield Invariant(sentence, "", said)
            return
    other = _applied(moving, lambda g: _uneven(g.shape))
    whole = _applied(moving, lambda g: as_objects(g + _uneven(g.shape)))
    if other is None or whole is None:
        return
    is_sum = all(c.overlaps(a + b) for (a, b), c in zip(pairs(here, other), whole.ravel(), strict=True))
    broken = "" if is_sum else "that of a sum of two is not the sum of yours for each"
    yield Invariant(sentence, f"linear in {name}", broken)


def _meet(left: Any, right: Any) -> bool:
    return bool(left.overlaps(right))


def _times(factor: int, g: Objects) -> Objects:
    return as_objects(g * factor)


def _applied(moving: Moving, change: Callable[..., Objects]) -> Objects | None:
    """The claim with another cotangent or direction."""
    point = moving.point
    return moving.claim({**point, **{n: change(point[n]) for n in moving.extras}})


def _uneven(shape: tuple[int, ...]) -> Objects:
    """An array with all entries different."""
    result = np.empty(shape, dtype=object)
    for k, place in enumerate(np.ndindex(shape)):
        result[place] = Fraction((-1) ** k * (2 * k + 3), 4)
    return result
