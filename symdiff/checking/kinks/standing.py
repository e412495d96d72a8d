"""What may a derivative be at a kink, a tie or a filled gap? A mean of its limits; what no branch allows is wrong.

Three answers: a value inside the hull of the limits is right; outside, where the limits agree or no choice of tied
branches gives it, it is wrong; between the two, and where there is no derivative to speak of, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np

from symdiff import calculus
from symdiff.checking.comparing import Comparison
from symdiff.checking.effort import work
from symdiff.checking.kinks.cells import cells
from symdiff.checking.kinks.conventions import followed
from symdiff.checking.kinks.exact_balls import values_at
from symdiff.checking.kinks.hulls import CLOSE, Numbers, is_inside, nearest
from symdiff.checking.kinks.limits import (
    Direction,
    Surroundings,
    along_axes,
    joined,
    slanted,
    spread,
    toward,
    widened,
)
from symdiff.checking.kinks.notes import Standing, note
from symdiff.checking.kinks.selections import allows, selections
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import MPMATH, working_precision
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir.graph import Node

_MOST_WORK = 5_000
_BITS = 200
_REFINEMENTS = 12
_SHORT = 60  # the largest denominator of a limit that is read as a fraction
_MARGIN = 0.02  # a hull of sampled limits may miss a corner; a claim must be further out than that


def compare_on_kink(
    question: Question, target: int, point: Point, *, excused: bool = True
) -> Comparison | None:
    """The entry in which a claim is no derivative at a special point; None if there is none, or no telling."""
    return (wrong_on_kink(question, (target,), point, excused=excused) or {}).get(target)


def wrong_on_kink(
    question: Question, targets: tuple[int, ...], point: Point, *, excused: bool = True
) -> dict[int, Comparison] | None:
    """The targets in which a claim is no derivative at a special point; None where nothing can be said.

    Where each is a derivative alone and they are none together, the entry is shown that is furthest out; only noted
    is that nobody wins at a tie (``a > b`` and ``b > a``), which gives 0 there, as people mean it.
    A claim without a value is wrong where the derivative has one limit from all sides, unless it is ``excused``.
    """
    assert question.claimed is not None
    store, claims = question.truth.store, [question.claimed[k] for k in targets]
    truths = [question.truth.outputs[k] for k in targets]
    if not targets or work(store, [*truths, *claims]) > _MOST_WORK:
        return None
    with working_precision(_BITS):
        if question.of == "value":
            both = values_at(store, [*truths, *claims], point)
            return None if both is None else _differing(targets, both)
        balls = values_at(store, claims, point)
    if balls is None:
        return None
    place, given = Surroundings(question, targets, point), joined(balls)
    standing = stand(place, given) if np.isfinite(given).all() else "doubtful"
    if len(targets) > 1 and standing not in ("inside", "no derivative"):
        alone = [wrong_on_kink(question, (k,), point, excused=excused) for k in targets]
        found = {k: comparison for part in alone if part for k, comparison in part.items()}
        if not found and standing == "wrong":
            note(place, given, "apart")
            return {} if _leaves_ties_out(place, given) else _shown(place, balls, given)
        return found
    note(place, given, standing)
    if standing in ("inside", "no derivative"):
        return {}
    if not np.isfinite(given).all():
        return {} if excused else _without_value(place, balls[0])
    return _shown(place, balls, given) if standing == "wrong" else {}


def _leaves_ties_out(place: Surroundings, given: Numbers) -> bool:
    """Whether a value is a derivative but for terms that a tie leaves open, which are 0."""
    chosen = selections(place.question, place.targets, place.point)
    return chosen is not None and allows(chosen.with_ties_left_out(), given) == "yes"


def _differing(targets: tuple[int, ...], both: Sequence[Objects]) -> dict[int, Comparison] | None:
    """The targets whose values differ at a point by more than rounded literals do; None where one has no value."""
    found: dict[int, Comparison] = {}
    for k, exact, given in zip(targets, both[: len(targets)], both[len(targets) :], strict=True):
        for index in np.ndindex(exact.shape):
            e: Any = exact[index]
            c: Any = given[index]
            if not (e.is_finite() and c.is_finite()):
                return None
            gap, slack = abs(float((e - c).mid())), CLOSE * (1 + abs(float(e.mid())))
            if not (e - c).contains(0) and gap > slack:
                found.setdefault(k, Comparison("differ", index, c, e))
    return found


def stand(place: Surroundings, given: Numbers) -> Standing:
    """How a value stands to the derivative at a special point."""
    if not _walk(place, slanted(place), given) or not place.finite:
        return "no derivative"
    if is_inside(place.finite, given):
        return "inside"
    chosen = None if place.is_singular else selections(place.question, place.targets, place.point)
    allowed = None if chosen is None else allows(chosen, given)
    if allowed == "no":
        return "wrong" if has_gradient(place) else "no derivative"
    if not _walk(place, along_axes(place), given) or not _refine(place, given):
        return "no derivative"
    pieces = None if chosen is None else cells(place)
    if pieces is not None and not _walk(place, pieces.directions(place), given):
        return "no derivative"
    if is_inside(place.finite, given):
        return "inside"
    if spread(place.finite) <= CLOSE:
        return "wrong" if has_gradient(place) else "no derivative"
    if allowed is None:
        return "wrong" if nearest([place.finite], given)[1] > _MARGIN else "doubtful"
    return "inside" if allowed == "yes" and pieces is not None and pieces.independent else "doubtful"


def follows(question: Question, target: int, point: Point, library: str) -> bool:
    """Whether a claim takes at a tie what a function of this library takes there: ``jnp.abs`` has slope 1 at 0."""
    assert question.claimed is not None
    with working_precision(_BITS):
        balls = values_at(question.truth.store, [question.claimed[target]], point)
    chosen = selections(question, (target,), point) if balls is not None else None
    if balls is None or chosen is None:
        return False
    convention = followed(chosen, joined(balls))
    names = {"torch": ("torch.",), "jax": ("jnp.", "jax.")}.get(library, ())
    taken = "" if convention is None else convention.who
    return "clamp" not in taken and any(name in taken for name in names)


def _walk(place: Surroundings, directions: Iterator[Direction], given: Numbers | None = None) -> bool:
    """Look in these directions, until the value itself is met; False if one shows that there is no derivative."""
    for direction in directions:
        limit = place.look(direction)
        if limit.outcome not in ("finite", "outside"):
            return False
        if given is not None and limit.outcome == "finite" and is_inside([limit.derivative], given):
            return True
    return True


def _refine(place: Surroundings, given: Numbers) -> bool:
    """Look where a limit would have to be if the value were a mean of limits."""
    if place.question.of not in ("gradient", "vjp"):
        return True
    nodes = [place.nodes[k] for k in place.targets]
    for _ in range(_REFINEMENTS):
        point, gap = nearest([place.finite], given)
        if gap <= CLOSE:
            break
        if not _walk(place, widened(place, toward(nodes, place, given - point))):
            return False
    return True


def has_gradient(place: Surroundings) -> bool:
    """Whether a second derivative means anything: the first one must not jump."""
    question = place.question
    if question.of not in ("hessian", "hvp"):
        return True
    leaves = [leaf for name in question.wrt for leaf in question.forward.leaf_names(name)]
    first = replace(question, of="gradient", truth=calculus.gradient(question.forward, leaves), claimed=None)
    point = {node: place.point[node] for node in question.forward.inputs if node in place.point}
    for target in range(len(leaves)):
        below = Surroundings(first, (target,), point)
        if not _walk(below, slanted(below)) or not below.finite or spread(below.finite) > CLOSE:
            return False
    return True


def _without_value(place: Surroundings, balls: Objects) -> dict[int, Comparison]:
    """A claim without a value, where the derivative has the same finite limit from all sides."""
    assert place.question.claimed is not None
    (target,) = place.targets
    for batch in (slanted(place), along_axes(place)):
        if not _walk(place, batch):
            return {}
    if not place.finite or spread(place.finite) > CLOSE or not place.is_continuous:
        return {}
    limits = place.finite[0].reshape(balls.shape)
    entries = _entries(place, place.question.claimed[target])
    for index in np.ndindex(balls.shape):
        ball: Any = balls[index]
        if not ball.is_finite() and (entries is None or not mpmath.isfinite(entries[index])):
            return {target: Comparison("claim undefined", index, ball, _plain(float(limits[index])))}
    return {}


def _entries(place: Surroundings, claim: Node) -> Objects | None:
    """The claim in ordinary numbers of high precision; None where it has no value at all."""
    with working_precision(_BITS):
        lifted = {k: lift(v, MPMATH) for k, v in place.point.items()}
        try:
            return evaluate(place.question.truth.store, [claim], lifted, MPMATH)[0]
        except (ZeroDivisionError, ValueError, Undetermined):
            return None


def _shown(place: Surroundings, balls: Sequence[Objects], given: Numbers) -> dict[int, Comparison]:
    """The entry that is furthest out, and the allowed value next to it."""
    point, _ = nearest([place.finite], given)
    worst = int(np.argmax(np.abs(point - given)))
    sizes = np.cumsum([array.size for array in balls])
    k = int(np.searchsorted(sizes, worst, side="right"))
    start = int(sizes[k]) - balls[k].size
    index = tuple(int(i) for i in np.unravel_index(worst - start, balls[k].shape))
    exact = _plain(float(point[worst]))
    return {place.targets[k]: Comparison("differ on a kink", index, balls[k][index], exact)}


def _plain(limit: float) -> flint.arb:
    """A limit to the digits that are known of it: a short fraction if it is next to one."""
    short = Fraction(limit).limit_denominator(_SHORT)
    near = abs(float(short) - limit) <= CLOSE * (1 + abs(limit))
    return flint.arb(flint.fmpq(short.numerator, short.denominator)) if near else flint.arb(limit)
