"""Do two nodes differ at a point? Balls answer with certainty; a kink or a pole is no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import flint
import mpmath
import numpy as np

from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import BALLS, MPMATH, working_precision
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir.graph import Node, Store

Outcome: TypeAlias = Literal["equal", "differ", "differ on a kink", "claim undefined", "no answer"]
PRECISIONS = (96, 400)
MANY = 10_000


@dataclass(frozen=True)
class Comparison:
    """What one point says of one target: the outcome, the entry where it shows, and the digits that agree."""

    outcome: Outcome
    index: tuple[int, ...] = ()
    claimed: Any = None
    exact: Any = None
    digits: int = 0


NO_ANSWER = Comparison("no answer")


def compare(
    store: Store, truth: Sequence[Node], claimed: Sequence[Node], point: Mapping[Node, Objects]
) -> list[Comparison]:
    """Compare each of the claim's nodes with the true one at a rational point, at rising precision."""
    answers = [NO_ANSWER] * len(truth)
    for bits in PRECISIONS:
        with working_precision(bits):
            answers = _compare(store, truth, claimed, point)
        if all(answer.outcome in ("equal", "differ") for answer in answers):
            return answers
    return [
        NO_ANSWER if a.outcome == "claim undefined" and not _is_undefined(store, node, a.index, point) else a
        for a, node in zip(answers, claimed, strict=True)
    ]


def values(store: Store, nodes: Sequence[Node], point: Mapping[Node, Objects]) -> list[Objects] | None:
    """Balls of some nodes at a rational point; None on a kink, or where a comparison is too close."""
    try:
        return evaluate(store, nodes, {k: lift(v, BALLS) for k, v in point.items()}, BALLS)
    except (Undetermined, ZeroDivisionError):
        return None


def _compare(
    store: Store, truth: Sequence[Node], claimed: Sequence[Node], point: Mapping[Node, Objects]
) -> list[Comparison]:
    both = values(store, [*truth, *claimed], point)
    if both is None:
        return [NO_ANSWER] * len(truth)
    exact, given = both[: len(truth)], both[len(truth) :]
    return [_compare_arrays(right, left) for right, left in zip(exact, given, strict=True)]


def _compare_arrays(exact: Objects, claimed: Objects) -> Comparison:
    widest: Any = flint.arb(0)
    undefined, silent = None, False
    for index, e, c in zip(np.ndindex(exact.shape), exact.ravel(), claimed.ravel(), strict=True):
        if not e.is_finite():
            silent = True
        elif not c.is_finite():
            undefined = undefined or Comparison("claim undefined", index, c, e)
        elif not e.overlaps(c):
            return Comparison("differ", index, c, e)
        else:
            reach = (e - c).abs_upper()
            widest = reach if reach > widest else widest
    return undefined or (NO_ANSWER if silent else Comparison("equal", digits=_digits(widest)))


def _digits(size: Any) -> int:
    """The decimal place of a size."""
    return MANY if size == 0 else max(0, int(-float(size.log().mid()) / np.log(10)))


def _is_undefined(store: Store, node: Node, index: tuple[int, ...], point: Mapping[Node, Objects]) -> bool:
    """Whether the claim has no finite value there in ordinary arithmetic of high precision either."""
    with working_precision(PRECISIONS[-1]):
        try:
            lifted = {k: lift(v, MPMATH) for k, v in point.items()}
            (value,) = evaluate(store, [node], lifted, MPMATH)
        except (ZeroDivisionError, ValueError):  # mpmath raises at poles
            return True
        entry: Any = value[index]
        return not mpmath.isfinite(entry) or mpmath.im(entry) != 0
