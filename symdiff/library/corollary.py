"""What follows when a hand-written first derivative is proved? So is its own derivative: equal functions have one.

Used where the second order of a large function is beyond the direct proof; it is still compared in balls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from symdiff.checking.arguments import Wrt
from symdiff.checking.domains import Domain
from symdiff.checking.questions import Question, ask, leaf_values
from symdiff.checking.sampling import Point, points
from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import READ_BALLS, working_precision
from symdiff.evaluation.exact import evaluate, lift
from symdiff.ir.graph import Node, Store
from symdiff.ir.sizes import parse_shape, substitute, symbols_of
from symdiff.verdicts import Evidence, Verdict

Function = Callable[..., Any]

POINTS, _TRIES = 3, 12
_GAP = 1e-30  # balls that meet are no agreement unless they are small
_BITS = 200
_SMALL = (2, 3, 2, 4, 3, 2, 5)


def following(
    first: Verdict, fn: Function, second: Function, inputs: Mapping[str, Any], wrt: Wrt, domain: Domain
) -> Verdict | None:
    """The verdict on the derivative of a proved gradient, if balls at random points agree; None otherwise."""
    if first.status != "proved":
        return None
    sizes: dict[Any, int] = {}
    examples = {name: _example(value, sizes) for name, value in inputs.items()}
    question = ask(fn, second, examples, wrt, "hvp")
    if question.claimed is None or not _confirmed(question, domain):
        return None
    roads = (
        "follows from the proof of the first order: equal functions have equal derivatives",
        f"interval arithmetic at {POINTS} rational points, at small sizes",
    )
    title = f"{second.__name__}: hvp of {fn.__name__}"
    return replace(first, question=title, evidence=Evidence(roads, points=POINTS))


def _confirmed(question: Question, domain: Domain) -> bool:
    """Whether balls of the Hessian's product and of the claim meet, and are small, at points off every kink."""
    truth, claimed = question.truth, question.claimed
    assert claimed is not None
    nodes = dict(zip(question.forward.inputs, leaf_values(question), strict=True))
    agreed = 0
    for point in islice(points(truth, nodes, domain, 0), _TRIES):
        gaps = _gaps(truth.store, truth.outputs, claimed, point)
        if gaps is None:
            continue
        if any(not gap <= _GAP for gap in gaps):
            return False
        agreed += 1
        if agreed == POINTS:
            return True
    return False


def _gaps(store: Store, left: Sequence[Node], right: Sequence[Node], point: Point) -> list[float] | None:
    """The largest distance that two values may have, entry by entry; None on a kink. Literals are as they are read."""
    with working_precision(_BITS):
        try:
            lifted = {node: lift(value, READ_BALLS) for node, value in point.items()}
            both = evaluate(store, [*left, *right], lifted, READ_BALLS)
        except (Undetermined, ZeroDivisionError):
            return None
        pairs = zip(both[: len(left)], both[len(left) :], strict=True)
        return [float((x - y).abs_upper()) for a, b in pairs for x, y in zip(a.flat, b.flat, strict=True)]


def _example(value: Any, sizes: dict[Any, int]) -> Any:
    """An array of a small shape; examples that are arrays stay."""
    if not isinstance(value, str):
        return value
    shape = parse_shape(value)
    for symbol in sorted(symbols_of(shape), key=str):
        sizes.setdefault(symbol, _SMALL[len(sizes) % len(_SMALL)])
    return np.ones([int(substitute(size, sizes)) for size in shape])
