"""At which points are suspects tried? Moderate ones off every kink, where two nodes are compared in balls."""

from __future__ import annotations

from itertools import islice

import numpy as np

from symdiff.checking.comparing import compare, values
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point, points
from symdiff.checking.witnesses import by_node
from symdiff.ir.graph import Node
from symdiff.ir.sizes import same_shape

_POINTS = 4
_LARGEST = 1e4


def probes(question: Question, options: Options, count: int = _POINTS) -> list[Point]:
    """Points at which the derivative is finite and no tie is near."""
    stream = points(question.truth, by_node(question), options.domain, options.seed + 1)
    chosen = (p for p in islice(stream, 20 + 2 * count) if is_moderate(p) and is_smooth(question, p))
    return list(islice(chosen, count))


def is_smooth(question: Question, point: Point) -> bool:
    """Whether a point lies off every kink, and the derivative is finite there."""
    if is_on_kink(question.truth.store, question.kinks, point):
        return False
    found = values(question.truth.store, question.truth.outputs, point)
    return found is not None and all(ball.is_finite() for array in found for ball in array.ravel())


def is_moderate(point: Point) -> bool:
    """Whether no entry is very large."""
    return all(abs(float(v)) <= _LARGEST for array in point.values() for v in np.ravel(array))


def agree(question: Question, left: Node, right: Node, probes_: list[Point]) -> bool:
    """Whether two nodes agree in balls at all points."""
    store = question.truth.store
    if not probes_ or not same_shape(store.shape(left), store.shape(right)):
        return False
    return left == right or all(compare(store, [left], [right], p)[0].outcome == "equal" for p in probes_)
