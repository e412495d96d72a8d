"""Are two nodes equal for every shape? Both in normal form, their difference cleared, the needs witnessed."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symdiff.ir import literals
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Literal
from symdiff.ir.sizes import same_shape
from symdiff.proof.every_shape.building import Builder
from symdiff.proof.every_shape.clearing import cleared
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.needs import Condition, conditions
from symdiff.proof.every_shape.sweeping import Sweep
from symdiff.proof.every_shape.terms import Expr, OverBudget, plus
from symdiff.proof.every_shape.texts import text_of
from symdiff.proof.every_shape.unrolling import is_nothing
from symdiff.proof.every_shape.witnessing import missing_witness

STEPS = 60_000
_DIRECT = 0.7  # seconds for one pair as it stands
_BUDGET, _NOT_ZERO = "over budget", "the difference is not zero in normal form"


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


@dataclass(frozen=True)
class _Question:
    store: Store
    left: Node
    right: Node
    facts: Mapping[str, object]


def prove(
    store: Store,
    left: Sequence[Node],
    right: Sequence[Node],
    *,
    seconds: float = 10.0,
    facts: Mapping[str, object] | None = None,
) -> list[Proof]:
    """Try to prove, pair by pair, that ``right`` equals ``left`` for all sizes and all values.

    ``facts`` maps input names to a domain: an interval ``(low, high)``, "positive", "one_hot" or "simplex".
    """
    end = time.monotonic() + seconds
    questions = [_Question(store, one, other, facts or {}) for one, other in zip(left, right, strict=True)]
    proofs: dict[int, Proof] = {}
    shared = _Builders([*left, *right])
    for k, question in enumerate(questions):
        proofs[k] = _prove(question, shared, min(end - time.monotonic(), _DIRECT))
        if _is_open(proofs[k]):
            break
    open_ = [k for k in range(len(questions)) if k not in proofs or _is_open(proofs[k])]
    if open_:
        proofs |= zip(open_, _swept(store, [questions[k] for k in open_], end), strict=True)
    for k in open_:
        left_over = end - time.monotonic()
        if not proofs[k].proved and left_over > 0 and proofs[k].reason.startswith(_NOT_ZERO):
            proofs[k] = _prove(questions[k], _Builders([left[k], right[k]]), left_over / len(open_))
    return [proofs[k] for k in range(len(questions))]


def _is_open(proof: Proof) -> bool:
    return proof.reason.startswith(_BUDGET)


@dataclass
class _Builders:
    """The normal forms that several pairs share; strict ones, and those away from kinks."""

    nodes: Sequence[Node]
    known: dict[bool, Builder] = field(default_factory=dict)

    def get(self, question: _Question, seconds: float, *, generic: bool) -> Builder:
        """A builder with a fresh budget."""
        if generic not in self.known:
            self.known[generic] = _builder(question, self.nodes, seconds, generic=generic)
        space = self.known[generic].space
        space.steps, space.deadline = STEPS, time.monotonic() + seconds
        return self.known[generic]


def _prove(question: _Question, builders: _Builders, seconds: float) -> Proof:
    """Both sides in normal form as they stand, at kinks too if that is enough."""
    store = question.store
    if question.left == question.right:
        return Proof(True, steps=("both sides are the same graph",))
    if not same_shape(store.shape(question.left), store.shape(question.right)):
        return Proof(False, reason="the shapes differ")
    for generic in (False, True):
        builder = builders.get(question, seconds, generic=generic)
        try:
            builder.build([question.left, question.right])
            forms = [builder.forms[node] for node in (question.left, question.right)]
            difference = plus(forms[0], forms[1], -1)
            rest = cleared(builder.space, difference)
            if not rest or is_nothing(builder.space, difference):
                return _checked(question, builder, forms[0], {})
        except OverBudget as reason:
            return Proof(False, reason=f"{_BUDGET}: {reason}")
        except RecursionError:
            return Proof(False, reason=f"{_BUDGET}: nested deeper than {sys.getrecursionlimit()}")
        if not any(head.kind == "zero" for head in builder.space.heads):
            break
    return Proof(False, reason=f"{_NOT_ZERO}: {text_of(builder.space, rest)}")


def _builder(question: _Question, nodes: Sequence[Node], seconds: float, *, generic: bool) -> Builder:
    space = Generators(seconds, STEPS, generic=generic)
    return Builder(question.store, space, nodes, question.facts)


def _checked(question: _Question, builder: Builder, form: Expr, merged: Mapping[Node, Node]) -> Proof:
    """The proof, if what it needs holds and can hold."""
    found = conditions(question.store, builder, question.left, question.right, merged)
    unmet = next((c for c in found if c.unmet), None)
    if unmet is not None:
        return Proof(False, reason=f"the right side alone assumes: {unmet.text}")
    missing = missing_witness(question.store, builder, found, question.facts)
    if missing is not None:
        return Proof(False, reason=f"no point was found where {missing}")
    steps = [f"merged {len(merged)} pairs of intermediate values"] if merged else []
    steps.append(f"both sides have the normal form {text_of(builder.space, form)}")
    return Proof(True, (*_texts(found), *_readings(question)), "", tuple(steps))


def _swept(store: Store, questions: Sequence[_Question], end: float) -> list[Proof]:
    """All open pairs in one sweep."""
    left, right = [q.left for q in questions], [q.right for q in questions]
    builder = _builder(questions[0], [*left, *right], end - time.monotonic(), generic=True)
    sweep = Sweep(store, builder, left, right, questions[0].facts, end)
    try:
        sweep.run()
    except (OverBudget, RecursionError) as reason:
        return [Proof(False, reason=f"{_BUDGET}: {reason}")] * len(questions)
    return [_from_sweep(question, sweep, end) for question in questions]


def _from_sweep(question: _Question, sweep: Sweep, end: float) -> Proof:
    builder = sweep.builder
    forms = sweep.prove_pair(question.left, question.right)
    if forms is None:
        late = time.monotonic() > end
        return Proof(False, reason=f"{_BUDGET}: out of time" if late else f"{_NOT_ZERO}, cut by cut")
    builder.space.steps = STEPS
    try:
        sweep.note_needs(question.right)
        return _checked(question, builder, forms[0], sweep.merged)
    except (OverBudget, RecursionError) as reason:
        return Proof(False, reason=f"{_BUDGET}: {reason}")


def _texts(found: Sequence[Condition]) -> list[str]:
    return list(dict.fromkeys(c.text for c in found))


def _readings(question: _Question) -> list[str]:
    ops = map(question.store.op, question.store.ancestors((question.left, question.right)))
    values = dict.fromkeys(op.value for op in ops if isinstance(op, Literal))
    return [f"{v!r} read as {literals.read(v)}" for v in values if v == v and literals.is_recognised(v)]
