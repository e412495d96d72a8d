"""What may a derivative be on a kink? The limits of the derivative from all sides; far outside of them it is wrong."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from symdiff.checking.comparing import Comparison, values
from symdiff.checking.effort import work
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.evaluation.arithmetics import working_precision
from symdiff.evaluation.exact import Objects
from symdiff.ir.graph import Node

_STEP = Fraction(1, 10**12)
_FLAT = 1e-3  # the limits are taken at 1e-12, so a smooth derivative moves far less; 0.3 widths forgive unseen sides
_MOST_WORK = 5_000
_RANDOM = 6
_BITS = 200


def compare_on_kink(question: Question, target: int, point: Point) -> Comparison | None:
    """The entry in which a claim is far from every limit of the derivative; None if there is none, or no telling."""
    assert question.claimed is not None
    store, truth, claim = question.truth.store, question.truth.outputs[target], question.claimed[target]
    if work(store, [truth, claim]) > _MOST_WORK:
        return None
    with working_precision(_BITS):
        here = values(store, [claim, *question.forward.outputs], point)
        if here is None:
            return None
        limits: list[Objects] = []
        for moved in _around(question, point):
            there = values(store, [truth, *question.forward.outputs], moved)
            if there is None or _jumps(here[1:], there[1:]):
                return None
            limits.append(there[0])
        return _outside(here[0], limits)


def _around(question: Question, point: Point) -> Iterator[Point]:
    """A step along every entry, both ways, and along some random directions."""
    forward = question.forward
    names = [forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)]
    nodes = [node for node in names if node in point]
    rng = random.Random(0)
    for node in nodes:
        for place in np.ndindex(point[node].shape):
            for sign in (1, -1):
                yield _moved(point, {node: _unit(point[node].shape, place, sign)})
    for _ in range(_RANDOM):
        yield _moved(point, {node: _random(point[node].shape, rng) for node in nodes})


def _unit(shape: tuple[int, ...], place: tuple[int, ...], sign: int) -> Objects:
    """Mostly along one entry, a little along the others, so that no tie remains."""
    direction = np.empty(shape, dtype=object)
    for k, index in enumerate(np.ndindex(shape)):
        direction[index] = Fraction(sign, 1) if index == place else Fraction(-sign * (k + 1), 1000)
    return direction


def _random(shape: tuple[int, ...], rng: random.Random) -> Objects:
    direction = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        direction[index] = Fraction(rng.choice([k for k in range(-97, 98) if k]), 97)
    return direction


def _moved(point: Point, directions: Mapping[Node, Objects]) -> Point:
    return {
        node: value + _STEP * directions[node] if node in directions else value
        for node, value in point.items()
    }


def _jumps(here: Sequence[Objects], there: Sequence[Objects]) -> bool:
    """Whether the function itself is undefined or discontinuous, so that it has no derivative to speak of."""
    for left, right in zip(here, there, strict=True):
        for a, b in zip(left.ravel(), right.ravel(), strict=True):
            if not a.is_finite() or not b.is_finite() or abs(float((a - b).mid())) > _FLAT:
                return True
    return False


def _outside(claimed: Objects, limits: Sequence[Objects]) -> Comparison | None:
    for index in np.ndindex(claimed.shape):
        balls: list[Any] = [limit[index] for limit in limits]
        own: Any = claimed[index]
        if not balls or not all(ball.is_finite() for ball in (*balls, own)):
            continue
        numbers = [float(ball.mid()) for ball in balls]
        low, high = min(numbers), max(numbers)
        if max(abs(low), abs(high)) > 1e6:
            continue  # an infinite slope has no limits to compare with
        slack = 0.3 * (high - low) + _FLAT * (1 + max(abs(low), abs(high)))
        given = float(own.mid())
        if not low - slack <= given <= high + slack:
            nearest = min(balls, key=lambda ball: abs(float(ball.mid()) - given))
            return Comparison("differ on a kink", index, own, nearest)
    return None
