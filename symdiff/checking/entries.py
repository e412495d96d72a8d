"""What does the whole of a small derivative look like at a witness? Yours, exact and measured, entry by entry."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from symdiff.checking.comparing import PRECISIONS, values
from symdiff.checking.differences import measured
from symdiff.checking.effort import work
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.checking.wording import ball_text, exact_entries, exact_number
from symdiff.evaluation.arithmetics import working_precision
from symdiff.evaluation.deadlines import in_time
from symdiff.evaluation.exact import Objects
from symdiff.ir.graph import Node
from symdiff.verdicts import Entry

MOST = 6  # entries that fit on a line
_MOST_WORK = 2_000
_SECONDS = 1.0
_WIDEST = 12  # characters of an exact number in a column


def entries_at(question: Question, target: int, point: Point, index: tuple[int, ...]) -> tuple[Entry, ...]:
    """All entries of a target when they are few, otherwise the one at ``index``; the claim must be traced."""
    assert question.claimed is not None
    nodes = [question.truth.outputs[target], question.claimed[target]]
    if work(question.truth.store, nodes) > _MOST_WORK:
        return ()
    return in_time(_SECONDS, partial(_entries, question, target, nodes, point, index)) or ()


def entries_beside(
    question: Question, target: int, point: Point, index: tuple[int, ...], claimed: float
) -> tuple[Entry, ...]:
    """The one entry that a claim which can only be called has wrong."""
    nodes = [question.truth.outputs[target]]
    if work(question.truth.store, nodes) > _MOST_WORK:
        return ()
    found = in_time(_SECONDS, partial(_entries, question, target, nodes, point, index)) or ()
    return tuple(replace(e, claimed=claimed, wrong=True) for e in found if e.index == index)


def _entries(
    question: Question, target: int, nodes: list[Node], point: Point, index: tuple[int, ...]
) -> tuple[Entry, ...]:
    store = question.truth.store
    with working_precision(PRECISIONS[-1]):
        balls = values(store, nodes, point)
        if balls is None:
            return ()
        exact, claimed = balls[0], balls[-1]
        places = list(np.ndindex(exact.shape)) if exact.size <= MOST else [index]
        numbers = [exact_entries(store, node, point) for node in nodes]
        rows = [(_shown(numbers[-1], claimed, p), _shown(numbers[0], exact, p)) for p in places]
        wrong = [_is_wrong(exact[p], claimed[p]) for p in places]
    known = _measured(question, target, point, places)
    found = zip(places, rows, known, wrong, strict=True)
    return tuple(Entry(p, yours, right, m, w) for p, (yours, right), m, w in found)


def _is_wrong(exact: Any, claimed: Any) -> bool:
    return bool(exact.is_finite() and not (claimed.is_finite() and exact.overlaps(claimed)))


def _measured(
    question: Question, target: int, point: Point, places: list[tuple[int, ...]]
) -> list[float | None]:
    store = question.forward.store
    is_large = work(store, question.forward.outputs) * len(places) > _MOST_WORK
    if is_large or is_on_kink(store, question.kinks, point):  # between two slopes a difference is no evidence
        return [None] * len(places)
    return measured(question, target, point, places)


def _shown(exact: Objects | None, balls: Objects, place: tuple[int, ...]) -> Any:
    """The exact number if it is short, otherwise the digits that are certain."""
    ball: Any = balls[place]
    if not ball.is_finite():
        return "undefined"
    number = None if exact is None else exact_number(exact[place])
    if number is not None and len(str(number)) <= _WIDEST:
        return number
    return ball_text(ball)
