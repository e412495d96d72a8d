"""Which edit of the derivative gives what a black box returns? The claim has no graph, but the derivative has one.

The edits that would mend a claim are tried on the derivative instead: where the edited derivative has the claim's
values, the claim made the opposite mistake.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.formulas import formula_text
from symdiff.checking.kinks.ties import kink_gaps
from symdiff.checking.mistakes import factors, formula_edits, operands, positions, reductions, terms
from symdiff.checking.mistakes.editing import Editing
from symdiff.checking.mistakes.kinds import rank
from symdiff.checking.mistakes.ratios import ratio
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.mistakes.wholes import scaled
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.errors import OutOfTime
from symdiff.evaluation.deadlines import time_limit
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input, Map
from symdiff.verdicts import Mistake

Edits: TypeAlias = Callable[[Editing], Iterator[Suspect]]
_SECONDS = 2.0
_LONGEST = 160
_OPPOSITE = {
    "extra_term": "missing_path"
}  # a term that is taken away from the derivative is missing in the claim
_LOOSE = ("stale", "chain", "missing_path", "extra_term")
_SAME: dict[str, str] = {}
_EDITS: tuple[tuple[Edits, dict[str, str]], ...] = (
    (terms.weights, _OPPOSITE),
    (operands.transposed, _SAME),
    (reductions.superfluous, {"wrong_axis": "missing_reduction"}),
    (reductions.missing, {"missing_reduction": "wrong_axis"}),
    (reductions.other_axis, _SAME),
    (positions.shifted, _SAME),
    (operands.exchanged, _SAME),
    (operands.replaced, _SAME),
    (operands.other_masks, _SAME),
    (factors.dropped, _SAME),
    (factors.multiplied, _SAME),
    (formula_edits.rewritten, _OPPOSITE),
    (positions.turned, _SAME),
)


def diagnose_edit(
    question: Question, target: int, points: list[Point], claimed: Sequence[NDArray[Any]], closeness: float
) -> Mistake | None:
    """The most specific mistake whose edit of the derivative has the claim's values at all points."""
    store, truth = question.truth.store, question.truth.outputs[target]
    yours = store.add(Input("yours", store.shape(truth)))
    screen = Screen(store, points, yours, truth, closeness)
    for known, value in zip(screen.known, claimed, strict=True):
        known[yours] = value.astype(float)
    editing = Editing(question, target, screen)
    found = _found(editing)
    if not any(s.strength for s in found):
        found += _extra(editing)
    if not found:
        return None
    best = min(found, key=lambda s: (-s.strength, rank(s.kind)))
    detail = f"what it returns is {formula_text(store, best.right, _LONGEST)}"
    others = {s.kind for s in found if s.strength} - {best.kind}
    where = store.where.get(best.place) if best.place is not None else None
    return Mistake(best.kind, detail, formula_text(store, truth), where, tuple(sorted(others, key=rank)))


def _found(editing: Editing) -> list[Suspect]:
    found: list[Suspect] = []
    end = time.monotonic() + _SECONDS
    for edits, kinds in _EDITS:
        try:
            with time_limit(max(0.1, end - time.monotonic())):
                for suspect in edits(editing):
                    kind = _of_a_branch(editing, suspect) or kinds.get(suspect.kind, suspect.kind)
                    known = any(s.kind == kind and s.strength >= suspect.strength for s in found)
                    if not known and editing.screen.agree(suspect.left, suspect.right):
                        found.append(replace(suspect, kind=kind))
        except (
            OutOfTime,
            ZeroDivisionError,
        ):  # a derivative may hold a coefficient of 0, which a claim does not
            continue
    return found


def _extra(editing: Editing) -> list[Suspect]:
    """The derivative and some quantity more: a constant that was kept, a term of another derivative."""
    store, screen, truth = editing.store, editing.screen, editing.claim
    shape = store.shape(truth)
    reals = [n for n in editing.pool if store.kind(n) == "real"]
    pool = [_broadcast(store, n, truth) for n in reals]
    for other in [alg.constant(store, 1, shape), *(n for n in pool if n is not None)]:
        pairs = []
        for k in range(len(screen)):
            with np.errstate(all="ignore"):
                pairs.append((screen.value(k, screen.truth) - screen.value(k, truth), screen.value(k, other)))
        c = ratio(pairs)
        term = scaled(store, other, c) if c is not None else None
        if term is not None:
            detail = f"the term {formula_text(store, term, 80)} is too many"
            return [Suspect("extra_term", detail, screen.truth, alg.add(store, truth, term), place=other)]
    return []


def _broadcast(store: Store, node: Node, like: Node) -> Node | None:
    """A node in the shape of another, as NumPy would broadcast it."""
    own, shape = store.shape(node), store.shape(like)
    fits = len(own) <= len(shape) and all(o in (1, s) for o, s in zip(own[::-1], shape[::-1], strict=False))
    return alg.broadcast_to(store, node, shape) if fits else None


def _of_a_branch(editing: Editing, suspect: Suspect) -> str | None:
    """An edit of what a branch decides makes the branch another one."""
    store, place = editing.store, suspect.place
    nodes = () if place is None else (place, *store.operands(place))
    is_branch = any(isinstance(op := store.op(n), Map) and kink_gaps(op.formula) for n in nodes)
    return "threshold" if is_branch and suspect.kind in _LOOSE else None
