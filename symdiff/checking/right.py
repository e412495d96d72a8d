"""What is right about a wrong claim? Shape, entries, inputs and properties, so that nobody searches there.

Only what was seen at points of every size, in balls, is said; ``what_else`` is all that a report adds to a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.comparing import PRECISIONS, values
from symdiff.checking.effort import work
from symdiff.checking.invariants import invariants
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.moving import entry
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.checking.sampling import points
from symdiff.checking.sources import quoted, returned
from symdiff.checking.witnesses import Found, by_node
from symdiff.evaluation.arithmetics import working_precision
from symdiff.evaluation.deadlines import in_time
from symdiff.ir.sizes import text
from symdiff.verdicts import Mistake, symbol_of

_POINTS, _ENOUGH = 7, 5
_SECONDS = 1.0  # a guard; the work below takes a tenth of it
_MOST_WORK = 600
_NAMED = 3
_TOLD = 2  # invariants
_KEPT = 2  # points beside the witness at which a property must be kept to be called right


def what_else(found: Found, small: Found, mistake: Mistake | None, options: Options) -> dict[str, Any]:
    """Fields of a refuted verdict beside witness and mistake: what is right, broken invariants, the source."""
    question, target = found.question, found.target
    broken, kept = in_time(_SECONDS, partial(_properties, small, options)) or ([], [])
    agreeing = in_time(_SECONDS, partial(_agreeing, question, target, options)) or []
    shape = question.truth.shape(question.truth.outputs[target])
    return {
        "right": (*([f"shape {text(shape)}"] if shape else []), *agreeing, *kept),
        "invariants": tuple(broken[:_TOLD]),
        **in_the_source(question, target, mistake),
    }


def in_the_source(question: Question, target: int, mistake: Mistake | None) -> dict[str, Any]:
    """What the claim's source returns, the place of the mistake, and the line there."""
    written = returned(question, target)
    place = mistake.where if mistake is not None else None
    where = place or (written.place if written is not None else None)
    said = written.text if written is not None else None
    return {"returned": said, "where": where, "source": quoted(question, where)}


def _properties(small: Found, options: Options) -> tuple[list[str], list[str]]:
    """What the claim breaks at the witness, and what it keeps there and elsewhere."""
    question, target = small.question, small.target
    if (
        small.comparison.outcome != "differ"
        or work(question.truth.store, question.truth.outputs) > _MOST_WORK
    ):
        return [], []
    here = invariants(question, target, small.point, options.domain)
    kept = {i.words for i in here if not i.broken}
    for point in islice(points(question.truth, by_node(question), options.domain, options.seed + 1), _KEPT):
        there = invariants(question, target, point, options.domain) if kept else []
        kept &= {i.words for i in there if not i.broken}
    return [i.told for i in here if i.broken], [i.words for i in here if i.words in kept]


def _agreeing(question: Question, target: int, options: Options) -> list[str]:
    """At which of some inputs the claim is right, or else which entries are right at all of them."""
    assert question.claimed is not None
    store, nodes = question.truth.store, [question.truth.outputs[target], question.claimed[target]]
    if work(store, nodes) > _MOST_WORK:
        return []
    seen: list[NDArray[np.bool_]] = []
    with working_precision(PRECISIONS[0]):
        for point in islice(points(question.truth, by_node(question), options.domain, options.seed), _POINTS):
            balls = None if is_on_kink(store, question.kinks, point) else values(store, nodes, point)
            if balls is None or not all(v.is_finite() for v in balls[0].ravel()):
                continue
            mask = np.array(np.frompyfunc(_agrees, 2, 1)(*balls), dtype=bool)
            if not mask.all() or any(not v.contains(0) for v in balls[0].ravel()):  # zeros agree by chance
                seen.append(mask)
    whole = sum(bool(mask.all()) for mask in seen)
    if len(seen) < _ENOUGH or whole == len(seen):
        return []
    if whole:
        return [f"agrees at {whole} of {len(seen)} random inputs"]
    return _entries(np.logical_and.reduce(seen), symbol_of(question.of, question.targets[target]))


def _agrees(exact: Any, claimed: Any) -> bool:
    return bool(claimed.is_finite() and exact.overlaps(claimed))


def _entries(right: NDArray[np.bool_], name: str) -> list[str]:
    """The entries that are right, by pattern, by name, or by their number."""
    if not right.any():
        return []
    if right.ndim == 2 and right.shape[0] == right.shape[1] > 1:
        diagonal = np.eye(len(right), dtype=bool)
        for pattern, words in (
            (~diagonal, f"{name} off the diagonal"),
            (diagonal, f"the diagonal of {name}"),
        ):
            if np.array_equal(right, pattern):
                return [words]
    wrong = _names(np.argwhere(~right), name)
    if len(wrong) <= _NAMED and len(wrong) < right.sum():
        return [f"every entry but {', '.join(wrong)}"]
    named = _names(np.argwhere(right), name)
    return [", ".join(named) if len(named) <= _NAMED else f"{len(named)} of {right.size} entries of {name}"]


def _names(places: Iterable[Any], name: str) -> list[str]:
    return [entry(name, tuple(int(k) for k in place)) for place in places]
