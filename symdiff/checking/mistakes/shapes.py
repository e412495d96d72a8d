"""The claim has another shape than the derivative: its transpose, a sum too few, a sum along another axis."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, permutations

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.choosing import place_of
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.paths import by_later
from symdiff.checking.mistakes.probing import agree, probes
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract
from symdiff.ir.sizes import product, same_shape, text
from symdiff.verdicts import Mistake


def diagnose_shape(question: Question, target: int) -> Mistake:
    """The most specific kind of which the repair has the right shape and values; ``shape`` otherwise."""
    assert question.claimed is not None
    store, truth, claim = question.truth.store, question.truth.outputs[target], question.claimed[target]
    detail = (
        f"shape {text(store.shape(claim))}, where {question.targets[target]} needs {text(store.shape(truth))}"
    )
    points = probes(question, Options())
    where = place_of(question, target, claim)
    for kind, words, repair, mended in _suspects(store, claim, truth):
        if agree(question, truth, mended, points):
            return Mistake(kind, f"{detail}: {words}", repair, where)
    for other, name in enumerate(question.targets):
        if other != target and agree(question, question.truth.outputs[other], claim, points):
            words = f"this is the derivative by {name}"
            return Mistake("swapped", f"{detail}: {words}", "exchange the two results", where)
    for node, bar in by_later(Derivation(question, target), store.shape(claim)):
        if agree(question, bar, claim, points):
            words = (
                f"this is the derivative by {formula_text(store, node, 60)}: its own derivative is missing"
            )
            return Mistake("chain", f"{detail}: {words}", formula_text(store, truth), where)
    return Mistake("shape", detail, formula_text(store, truth), where)


def _suspects(store: Store, claim: Node, truth: Node) -> Iterator[tuple[str, str, str, Node]]:
    """Kind, words, repair and the mended claim."""
    own, wanted = store.shape(claim), store.shape(truth)
    for order in permutations(range(len(own))) if len(own) < 5 else ():
        if same_shape(tuple(own[k] for k in order), wanted):
            repair = "yours.T" if len(own) == 2 else f"transpose(yours, {order})"
            yield "transpose", "it is the transpose", repair, alg.transpose(store, claim, order)
    for count in range(1, len(own) + 1):
        for axes in combinations(range(len(own)), count):
            if all(own[a] == 1 for a in axes):
                continue
            summed = alg.reduce_sum(store, claim, axes)
            axis = str(axes[0]) if count == 1 else str(axes)
            words = "the sum over a broadcast axis is missing"
            if same_shape(store.shape(summed), wanted):
                yield "missing_reduction", words, f"yours.sum(axis={axis})", summed
            kept = alg.insert_axes(store, summed, axes)
            if same_shape(store.shape(kept), wanted):
                yield "missing_reduction", words, f"yours.sum(axis={axis}, keepdims=True)", kept
    yield from _other_axes(store, claim, truth)
    if product(own) == product(wanted) and own != wanted:
        yield (
            "shape",
            "the entries are right",
            f"reshape(yours, {text(wanted)})",
            alg.reshape(store, claim, wanted),
        )


def _other_axes(store: Store, claim: Node, truth: Node) -> Iterator[tuple[str, str, str, Node]]:
    """A sum or mean over other axes than the ones that the derivative needs."""
    op, wanted, scale = store.op(claim), store.shape(truth), Fraction(1)
    while (
        isinstance(op, Contract)
        and len(op.inputs) == 1
        and op.is_view
        and isinstance(op.coefficient, Fraction)
    ):
        scale *= op.coefficient
        (claim,) = store.operands(claim)
        op = store.op(claim)
    if not isinstance(op, Contract) or not op.summed:
        return
    every = tuple(range(len(op.sizes)))
    for output in permutations(every, len(wanted)):
        if same_shape(tuple(op.sizes[k] for k in output), wanted) and set(output) != set(op.output):
            factors = list(zip(store.operands(claim), op.inputs, strict=True))
            summed = alg.contract(store, factors, output, op.coefficient, dict(enumerate(op.sizes)))
            other = alg.scale(store, summed, scale)
            yield "wrong_axis", "the sum runs over another axis", formula_text(store, other), other
