"""Are two nodes equal for every shape? Both in normal form; the difference cleared; what was assumed, witnessed."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from symdiff.ir import literals
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Literal
from symdiff.ir.sizes import same_shape
from symdiff.proof.every_shape.building import Builder
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.needs import Condition, conditions
from symdiff.proof.every_shape.terms import Expr, OverBudget, Undefined, plus, single
from symdiff.proof.every_shape.texts import text_of
from symdiff.proof.every_shape.witnessing import missing_witness

STEPS = 400_000
_MOST_ROUNDS = 6


@dataclass(frozen=True)
class Proof:
    """``proved`` is True only with a proof: the right side equals the left wherever the left is defined.

    ``assumptions``: what must not be zero or must be positive, and the kinks that are left out.
    ``steps``: how the proof went. ``reason``: why there is none.
    """

    proved: bool
    assumptions: tuple[str, ...] = ()
    reason: str = ""
    steps: tuple[str, ...] = ()


@dataclass
class _Question:
    store: Store
    left: Node
    right: Node
    facts: Mapping[str, object]
    deadline: float
    steps: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.deadline - time.monotonic()


def prove(
    store: Store,
    left: Sequence[Node],
    right: Sequence[Node],
    *,
    seconds: float = 10.0,
    facts: Mapping[str, object] | None = None,
) -> list[Proof]:
    """Try to prove, pair by pair, that ``right`` equals ``left`` for all sizes and all values.

    ``facts`` maps input names to a domain: an interval ``(low, high)`` or "positive".
    """
    end = time.monotonic() + seconds
    proofs: list[Proof] = []
    for done, (one, other) in enumerate(zip(left, right, strict=True)):
        now = time.monotonic()
        share = now + (end - now) / (len(left) - done)
        proofs.append(_prove(_Question(store, one, other, facts or {}, share)))
    return proofs


def _prove(question: _Question) -> Proof:
    store = question.store
    if question.left == question.right:
        return Proof(True, steps=("both sides are the same graph",))
    if not same_shape(store.shape(question.left), store.shape(question.right)):
        return Proof(False, reason="the shapes differ")
    try:
        for generic in (False, True):
            found = _attempt(question, generic=generic)
            if found is not None:
                return found
    except OverBudget as reason:
        return Proof(False, reason=f"over budget: {reason}")
    except RecursionError:
        return Proof(False, reason=f"over budget: nested deeper than {sys.getrecursionlimit()}")
    raise AssertionError("the second attempt answers")


def _attempt(question: _Question, *, generic: bool) -> Proof | None:
    """A proof, or why there is none; None where leaving out kinks may help."""
    nodes = (question.left, question.right)
    space = Generators(question.seconds, STEPS, generic=generic)
    builder = Builder(question.store, space, nodes, question.facts)
    builder.build(nodes)
    forms = [builder.forms[node] for node in nodes]
    left_over = _cleared(space, plus(forms[0], forms[1], -1))
    if left_over:
        if not generic and any(head.kind == "zero" for head in space.heads):
            return None
        return Proof(False, reason=f"the difference is not zero in normal form: {text_of(space, left_over)}")
    found = conditions(question.store, builder, question.left, question.right)
    unmet = next((c for c in found if c.unmet), None)
    if unmet is not None:
        return Proof(False, reason=f"the right side alone needs {unmet.text}")
    missing = missing_witness(question.store, builder, found, question.facts)
    if missing is not None:
        return Proof(False, reason=f"no point was found where {missing}")
    steps = [f"both sides have the normal form {text_of(space, forms[0])}"]
    return Proof(True, (*_texts(found), *_readings(question)), "", tuple(steps))


def _cleared(space: Generators, difference: Expr) -> Expr:
    """The difference times all its denominators, until it is zero or has none."""
    for _ in range(_MOST_ROUNDS):
        if not difference:
            return difference
        least: dict[tuple[int, tuple[int, ...]], int] = {}
        for key in difference:
            for atom, exponent in key:
                if exponent < 0 and space.heads[atom[0]].kind in ("power", "sum", "input", "size", "function"):
                    least[atom] = min(least.get(atom, 0), -ceil(-exponent))
        if not least:
            return difference
        for atom, exponent in least.items():
            try:
                difference = space.times(difference, single(atom, -exponent))
            except Undefined:
                return difference
    return difference


def _texts(found: Sequence[Condition]) -> list[str]:
    return list(dict.fromkeys(c.text for c in found))


def _readings(question: _Question) -> list[str]:
    ops = map(question.store.op, question.store.ancestors((question.left, question.right)))
    values = dict.fromkeys(op.value for op in ops if isinstance(op, Literal))
    return [f"{v!r} read as {literals.read(v)}" for v in values if v == v and literals.is_recognised(v)]
