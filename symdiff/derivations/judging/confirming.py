"""Is every single step true? Each is computed twice at points: by its formula, and by a road that knows no rule.

A value is that of the function, a derivative that of a tape of all its numbers. A formula gets the right values of
the earlier quantities, so that a wrong step is seen where it stands, even if the end is right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import flint

from symdiff.checking.sampling import Point
from symdiff.derivations.judging.frames import Frame, frames
from symdiff.derivations.judging.roads import Roads
from symdiff.derivations.steps import GIVEN, Derivation, Step
from symdiff.errors import NotCompilable, SymdiffError, Undetermined, explain
from symdiff.evaluation.arithmetics import Arithmetic, working_precision
from symdiff.evaluation.exact import Objects
from symdiff.evaluation.tapes import CONVENTIONAL, TAPED
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input

POINTS = 2
_DRAWS = 21  # three of each kind of point
_MORE = 3  # turns of which the last looks at steps that were zero so far
_BITS = 192
_NARROW = 64  # bits of a difference that are certain
_MOST = 300_000  # numbers on a tape


class Undecided(Exception):
    """A point at which a step has no certain value."""


def confirm(derivation: Derivation, fixed: Mapping[Node, Any]) -> Derivation:
    """The derivation, each step of which says how it was checked; SymdiffError if one is wrong.

    Two points of short fractions, at different small sizes where shapes are symbolic; never on a kink, unless
    every point is on one: then by the convention of the operations.
    """
    found, how = _points(derivation, fixed, TAPED), ""
    if not found:
        found, how = _points(derivation, fixed, CONVENTIONAL), ", on a kink, by convention"
    if not found:
        return derivation
    at = f"at {found} point{'s' if found > 1 else ''}{how}"
    return replace(derivation, steps=tuple(replace(s, checked=_told(s, at)) for s in derivation.steps))


def borrowed(derivation: Derivation, twin: Derivation) -> Derivation:
    """A derivation of large arrays, checked by one of smaller arrays whose steps say the same but for sizes."""
    if [_form(s) for s in derivation.steps] != [_form(s) for s in twin.steps]:
        return derivation
    told = [
        f"{s.checked} of smaller arrays" if s.checked not in ("", GIVEN) else s.checked for s in twin.steps
    ]
    steps = zip(derivation.steps, told, strict=True)
    return replace(derivation, steps=tuple(replace(step, checked=how) for step, how in steps))


def _form(step: Step) -> tuple[object, ...]:
    """What a step says, without its sizes."""
    formula = re.sub(r"\d+", "#", step.formula)
    return step.phase, step.quantity, step.rule, step.sources, step.above, step.below, step.factors, formula


def _told(step: Step, at: str) -> str:
    if step.rule in ("input", "seed"):
        return GIVEN
    kind = "value" if step.phase in ("forward", "update", "projection") else "derivative"
    return f"{kind}, {at}"


def _points(derivation: Derivation, fixed: Mapping[Node, Any], arithmetic: Arithmetic) -> int:
    """At how many points every step was found right; enough that none of them was zero, and so blind, at all."""
    count, seen = 0, {step.number for step in derivation.steps if _is_plain(derivation.graph.store, step)}
    tried = list(islice((f for f in frames(derivation, fixed) if f.cost() <= _MOST), POINTS))
    streams = [(frame, frame.points(seed)) for seed, frame in enumerate(tried)]
    for turn in range(_DRAWS):
        for frame, stream in streams:
            found = _right_at(derivation.name, frame, arithmetic, next(stream))
            if found is not None:
                count, seen = count + 1, seen | found
            if count >= POINTS and (len(seen) == len(derivation.steps) or turn >= _MORE):
                return count
    return count


def _is_plain(store: Store, step: Step) -> bool:
    """Whether a step is given, or a constant, of which no point says more than another."""
    below = store.ancestors([step.node])
    return step.rule in ("input", "seed") or not any(isinstance(store.op(n), Input) for n in below)


def _right_at(name: str, frame: Frame, arithmetic: Arithmetic, point: Point) -> set[int] | None:
    """The steps that were right and not zero; None where the point decides nothing."""
    with working_precision(_BITS):
        try:
            return _check(name, frame, Roads(frame, point, arithmetic))
        except (Undecided, Undetermined, ZeroDivisionError, NotCompilable):
            return None


def _check(name: str, frame: Frame, roads: Roads) -> set[int]:
    seen: set[int] = set()
    for step in frame.steps:
        right = roads.expected(step)
        for shown, true in roads.claims(step, right):
            if _differ(shown, true):
                facts: dict[str, object] = {
                    "step": step.number,
                    "quantity": step.quantity,
                    "formula": step.formula,
                    "shown": shown.ravel().tolist()[:3],
                    "right": true.ravel().tolist()[:3],
                }
                mend = "A step is wrong, so nothing is shown: report this function."
                raise SymdiffError(explain(f"explain({name})", facts, mend))
        if any(not ball.contains(0) for ball in right.flat):
            seen.add(step.number)
        roads.learn(step, right)
    return seen


def _differ(shown: Objects, true: Objects) -> bool:
    """Whether two arrays are certainly not the same; Undecided where no ball is narrow enough to tell."""
    if shown.shape != true.shape:
        return True
    pairs: Sequence[tuple[Any, Any]] = list(zip(shown.ravel(), true.ravel(), strict=True))
    if not all(a.is_finite() and b.is_finite() for a, b in pairs):
        raise Undecided
    if any(not a.overlaps(b) for a, b in pairs):
        return True
    width = flint.arb(2) ** -_NARROW
    if any(abs(a - b).upper() > width * (1 + abs(b)) for a, b in pairs):
        raise Undecided
    return False
