"""What is proved for every shape, and what never is?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from every_shape_claims import CLAIMS, Claim, cross_entropy
from transformer_block import NAMES, SHAPES, block, block_backward

import symdiff as sd
from symdiff.calculus import gradient, vjp
from symdiff.errors import SymdiffError
from symdiff.evaluation.arithmetics import BALLS, working_precision
from symdiff.evaluation.exact import evaluate
from symdiff.ir import algebra as alg
from symdiff.ir.concrete import at_sizes, size_symbols
from symdiff.ir.formulas import ADD, SUBTRACT
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.merging import merge, rebuild
from symdiff.ir.ops import Contract, Input, Map, Op
from symdiff.proof.every_shape import sweeping
from symdiff.proof.every_shape.proving import Proof, prove

exp = np.exp


def pair(claim: Claim) -> tuple[Graph, Graph, list[Node]]:
    """Truth and claim in one store: their graphs, and the claim's outputs in the truth's store."""
    forward = sd.trace(claim.forward, *claim.shapes)
    truth = gradient(forward, claim.wrt) if claim.gradient else vjp(forward, claim.wrt)
    cotangents = [] if claim.gradient else [" ".join(map(str, forward.shape(forward.outputs[0])))]
    claimed = sd.trace(claim.backward, *claim.shapes, *cotangents)
    place = merge(claimed, truth.store, dict(zip(claimed.inputs, truth.inputs, strict=True)))
    return truth, claimed, [place[y] for y in claimed.outputs]


def proof_of(left: Callable[..., Any], right: Callable[..., Any], *shapes: str, **options: Any) -> Proof:
    """Whether two functions are proved equal."""
    one, other = sd.trace(left, *shapes), sd.trace(right, *shapes)
    place = merge(other, one.store)
    (proof,) = prove(one.store, one.outputs, [place[y] for y in other.outputs], **options)
    return proof


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.name)
def test_right_backward_passes_are_proved(claim: Claim) -> None:
    truth, _, claimed = pair(claim)
    proofs = prove(truth.store, truth.outputs, claimed)
    assert [p.reason for p in proofs] == [""] * len(proofs)
    assert all(p.proved for p in proofs)


def softmax_of_rows(x: Any) -> Any:
    e = exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


IDENTITIES: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[str, ...]]] = {
    "log exp x = x": (lambda x: np.log(exp(x)), lambda x: x, ("n",)),
    "|x| = relu(x) + relu(-x)": (np.abs, lambda x: np.maximum(x, 0) + np.maximum(-x, 0), ("n",)),
    "exp 2x = (exp x)^2": (lambda x: exp(2 * x), lambda x: exp(x) ** 2, ("n m",)),
    "exp x exp -x = 1": (lambda x: exp(x) * exp(-x), np.ones_like, ("n",)),
    "tanh by exponentials": (np.tanh, lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)), ("n",)),
    "s(1-s)": (
        lambda x: exp(-x) / (1 + exp(-x)) ** 2, lambda x: (1 - np.tanh(x / 2) ** 2) / 4, ("n",),
    ),
    "softmax shifted": (
        lambda x: exp(x) / exp(x).sum(), lambda x: exp(x - x.max()) / exp(x - x.max()).sum(), ("n",),
    ),
    "softplus": (
        lambda x: np.log(1 + exp(x)), lambda x: np.maximum(x, 0) + np.log(1 + exp(-np.abs(x))), ("n",),
    ),
    "mask from the output": (
        lambda x: np.where(x > 0, 1.0, 0.0), lambda x: np.where(np.maximum(x, 0) > 0, 1.0, 0.0), ("n",),
    ),
    "associativity": (lambda x, y, z: (x @ y) @ z, lambda x, y, z: x @ (y @ z), ("n m", "m k", "k l")),
    "cyclic trace": (
        lambda x, y, z: np.trace(x @ y @ z), lambda x, y, z: np.trace(z @ x @ y), ("n m", "m k", "k n"),
    ),
    "variance": (lambda x: x.var(), lambda x: (x**2).mean() - x.mean() ** 2, ("n",)),
    "sqrt(x^2) = |x|": (lambda x: np.sqrt(x**2), np.abs, ("n",)),
    "x_i x_j in any order": (
        lambda x: exp(np.outer(x, x)), lambda x: exp(np.outer(x, x).T), ("n",),
    ),
    "max and min": (lambda x, y: np.maximum(x, y) + np.minimum(x, y), lambda x, y: x + y, ("n", "n")),
    "clip by relus": (
        lambda x: np.clip(x, 0, 6), lambda x: np.maximum(x, 0) - np.maximum(x - 6, 0), ("n",),
    ),
    "cosh^2 - sinh^2": (lambda x: np.cosh(x) ** 2 - np.sinh(x) ** 2, np.ones_like, ("n",)),
    "causal mask": (
        lambda x: softmax_of_rows(np.where(np.tri(x.shape[0], dtype=bool), x, -np.inf)),
        lambda x: exp(x) * np.tri(x.shape[0]) / (exp(x) * np.tri(x.shape[0])).sum(1, keepdims=True),
        ("n n",),
    ),
    "joined and cut": (lambda x, y: np.concatenate([x, y])[: x.shape[0]], lambda x, y: x, ("n", "m")),
    "cube of the cube root": (lambda x: np.cbrt(x) ** 3, lambda x: x, ("n",)),
    "at a concrete shape": (lambda x: x @ np.eye(3), lambda x: x, ("2 3",)),
}  # fmt: skip


@pytest.mark.parametrize("name", IDENTITIES)
def test_identities_are_proved(name: str) -> None:
    left, right, shapes = IDENTITIES[name]
    proof = proof_of(left, right, *shapes)
    assert proof.proved, proof.reason


def softmax_of(x: Any) -> Any:
    return exp(x) / exp(x).sum()


TRAPS: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[str, ...]]] = {
    "a tie is not a thin set": (lambda x: (x >= x.max()) * 1.0, lambda x: (x > x.max()) * 1.0, ("n",)),
    "nor inside a sum": (
        lambda x: ((x >= x.max()) * x).sum(), lambda x: ((x > x.max()) * x).sum(), ("n",),
    ),
    "a hidden zero has no sign": (
        lambda x, y: np.where(np.sqrt((x - y) ** 2) - np.abs(x - y) >= 0, 1.0, 0.0),
        lambda x, y: np.where(np.sqrt((x - y) ** 2) - np.abs(x - y) > 0, 1.0, 0.0),
        ("n", "n"),
    ),
    "a hidden zero is not cancelled": (
        lambda x, y: np.sin(x + y) - np.sin(x) * np.cos(y) - np.cos(x) * np.sin(y),
        lambda x, y: (np.sin(x + y) - np.sin(x) * np.cos(y) - np.cos(x) * np.sin(y)) ** 2
        / (np.sin(x + y) - np.sin(x) * np.cos(y) - np.cos(x) * np.sin(y)),
        ("n", "n"),
    ),
    "nor on the left": (
        lambda x, y: (np.sin(x + y) - np.sin(x) * np.cos(y) - np.cos(x) * np.sin(y))
        / (np.sin(x + y) - np.sin(x) * np.cos(y) - np.cos(x) * np.sin(y)),
        lambda x, y: np.ones_like(x),
        ("n", "n"),
    ),
    "sqrt(x^2) = x": (lambda x: np.sqrt(x**2), lambda x: x, ("n",)),
    "sqrt(ab + ac)": (
        lambda a, b, c: np.sqrt(a * b + a * c), lambda a, b, c: np.sqrt(a) * np.sqrt(b + c), ("n", "n", "n"),
    ),
    "sqrt(a) sqrt(b + c)": (
        lambda a, b, c: np.sqrt(a) * np.sqrt(b + c), lambda a, b, c: np.sqrt(a * b + a * c), ("n", "n", "n"),
    ),
    "power sums of softmax": (
        lambda x: 1 - 3 * (softmax_of(x) ** 2).sum() + 2 * (softmax_of(x) ** 3).sum(),
        lambda x: 0 * x.sum(), ("n",),
    ),
    "exp of a sum": (lambda x: exp(x.sum()), lambda x: exp(x).mean(), ("n",)),
    "power sums": (lambda x: x.sum() ** 3 + 2 * (x**3).sum(), lambda x: 3 * x.sum() * (x**2).sum(), ("n",)),
    "sizes 2 and 3": (
        lambda x: (x.shape[0] - 2) * (x.shape[0] - 3) * x.sum(), lambda x: 0 * x.sum(), ("n",),
    ),
    "relu / relu": (np.ones_like, lambda x: np.maximum(x, 0) / np.maximum(x, 0), ("n",)),
    "a sum that may vanish": (
        lambda x: x, lambda x: x * np.maximum(x, 0).sum() / np.maximum(x, 0).sum(), ("n",),
    ),
    "a domain of the claim alone": (lambda x: x, lambda x: exp(np.log(x)), ("n",)),
    "a root of the claim alone": (lambda x: x, lambda x: np.sqrt(x) ** 2, ("n",)),
    "a masked quotient": (
        lambda x: np.where(x > 0, 1.0, np.maximum(x, 0) / np.maximum(x, 0)), np.ones_like, ("n",),
    ),
    "a branch does not excuse": (
        lambda x: np.where(x.max() > 0, np.maximum(x, 0).sum() / np.maximum(x, 0).sum(), 1.0),
        lambda x: np.maximum(x, 0).sum() / np.maximum(x, 0).sum(), ("n",),
    ),
    "a branch inside a formula does not excuse either": (
        lambda x: np.cbrt(x) + x, lambda x: np.cbrt(x) + np.sqrt(x) ** 2, ("n",),
    ),
    "zero at one size": (
        lambda x: np.where(x >= x.mean(), 1.0, 0.0), lambda x: np.where(x > x.mean(), 1.0, 0.0), ("n",),
    ),
    "zero at a size far away": (
        lambda x: x, lambda x: x * ((x.shape[0] - 7) * x) / ((x.shape[0] - 7) * x), ("n",),
    ),
    "infinity less infinity": (
        lambda x: x, lambda x: x + np.where(x > 0, x, -np.inf) - np.where(x > 0, 1 * x, -np.inf), ("n",),
    ),
    "thresholds": (lambda x: np.where(x > 0, 1.0, 0.0), lambda x: np.where(x > 1, 1.0, 0.0), ("n",)),
    "sign at negative": (np.sign, lambda x: np.where(x > 0, 1.0, 1.0), ("n",)),
    "transposed product": (lambda x: x @ x.T, lambda x: x.T @ x, ("n n",)),
    "trace of a transpose": (lambda x, y: np.trace(x @ y), lambda x, y: np.trace(x @ y.T), ("n n", "n n")),
    "maxima of rows and columns": (lambda x: x.max(0).sum(), lambda x: x.max(1).sum(), ("n n",)),
    "symmetric only": (lambda x: x, lambda x: (x + x.T) / 2, ("n n",)),
    "p - y for general y": (
        lambda z, y: softmax_of(z) * y.sum() - y, lambda z, y: softmax_of(z) - y, ("n", "n"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAPS)
def test_traps_are_not_proved(name: str) -> None:
    left, right, shapes = TRAPS[name]
    proof = proof_of(left, right, *shapes)
    assert not proof.proved
    assert proof.reason


def test_facts_about_the_inputs() -> None:
    """Labels that sum to 1 make p - y right; positive inputs let a logarithm be split."""
    loss = sd.trace(cross_entropy, "n", "n")
    truth = gradient(loss, ["z"])
    claimed = sd.trace(lambda z, y: softmax_of(z) - y, "n", "n")
    place = merge(claimed, truth.store, dict(zip(claimed.inputs, truth.inputs, strict=True)))
    right = [place[y] for y in claimed.outputs]
    assert [p.proved for p in prove(truth.store, truth.outputs, right)] == [False]
    for fact in ("one_hot", "simplex"):
        assert [p.proved for p in prove(truth.store, truth.outputs, right, facts={"y": fact})] == [True]
    split = (lambda p, q: np.log(p / q), lambda p, q: np.log(p) - np.log(q), "n", "n")
    assert not proof_of(*split).proved
    assert proof_of(*split, facts={"p": "positive", "q": (0, 1)}).proved


# Mutants --------------------------------------------------------------------------------------------------


def changed(store: Store, op: Op, operands: list[Node], node: Node) -> Iterator[Node]:
    """Other nodes that a careless author might have written instead."""
    if isinstance(op, Contract):
        for factor in (-1, 2):
            yield rebuild(
                store, replace(op, coefficient=alg.times(op.coefficient, Fraction(factor))), operands
            )
        sizes = [op.sizes[k] for k in op.output]
        for k, size in enumerate(sizes[:-1]):
            if size == sizes[k + 1]:
                axes = list(range(len(sizes)))
                axes[k : k + 2] = [k + 1, k]
                yield alg.transpose(store, node, axes)
    elif isinstance(op, Map) and op.formula in (ADD, SUBTRACT):
        yield operands[0]
        yield rebuild(store, Map(SUBTRACT if op.formula is ADD else ADD), operands)
    elif isinstance(op, Map) and len(operands) == 1:
        yield alg.scale(store, node, 2)
        yield operands[0]


def mutants(truth: Graph, claimed: Graph) -> list[list[Node]]:
    """The claim's outputs in the truth's store, with one node changed."""
    store = truth.store
    inputs = dict(zip(claimed.inputs, truth.inputs, strict=True))
    found: list[list[Node]] = []
    for target in claimed.nodes:
        count = 0
        while True:
            place: dict[Node, Node] = {}
            for node in claimed.nodes:
                op, operands = claimed.store.op(node), [place[k] for k in claimed.store.operands(node)]
                place[node] = inputs[node] if isinstance(op, Input) else rebuild(store, op, operands)
                if node == target:
                    options = list(changed(store, op, operands, place[node]))
                    place[node] = options[count] if count < len(options) else place[node]
            if count >= len(options):
                break
            found.append([place[y] for y in claimed.outputs])
            count += 1
    return found


def equal_in_balls(truth: Graph, left: Node, right: Node, random: Random) -> bool:
    """Whether two nodes overlap at a random point of small sizes."""
    sizes = {s: 2 + k % 2 for k, s in enumerate(sorted(size_symbols(truth), key=str))}
    concrete = at_sizes(truth.with_outputs([left, right]), sizes)
    values = {}
    for node in concrete.inputs:
        array = np.empty(tuple(map(int, concrete.shape(node))), dtype=object)
        for place in np.ndindex(array.shape):
            array[place] = BALLS.number(Fraction(random.randint(-300, 300), 128))
        values[node] = array
    with working_precision(160):
        one, other = evaluate(concrete.store, concrete.outputs, values, BALLS)
    return all(a.overlaps(b) for a, b in zip(one.ravel(), other.ravel(), strict=True))


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.name)
def test_mutants_are_proved_only_if_they_are_right(claim: Claim) -> None:
    """Every proof of a mutant is confronted with numbers."""
    truth, claimed, right = pair(claim)
    random = Random(claim.name)
    every = mutants(truth, claimed)
    rejected = 0
    for outputs in random.sample(every, min(len(every), 8)):
        touched = [k for k, node in enumerate(outputs) if node != right[k]]
        for k in random.sample(touched, min(len(touched), 2)):
            left = truth.outputs[k]
            if truth.store.shape(left) != truth.store.shape(outputs[k]):
                continue
            (proof,) = prove(truth.store, [left], [outputs[k]], seconds=2)
            rejected += not proof.proved
            try:
                equal = equal_in_balls(truth, left, outputs[k], random)
            except SymdiffError:
                continue
            assert equal or not proof.proved
    assert rejected


# A whole block ----------------------------------------------------------------------------------------------


BLOCK = Claim("Transformer block", block, SHAPES, NAMES, block_backward.claim)


def test_a_whole_block_is_proved() -> None:
    truth, _, claimed = pair(BLOCK)
    proofs = prove(truth.store, truth.outputs, claimed)
    assert {name: p.reason for name, p in zip(NAMES, proofs, strict=True) if not p.proved} == {}


def test_mutants_of_the_block_are_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the float screen of the outputs, too: the normal form alone refuses them."""
    monkeypatch.setattr(sweeping, "differ", lambda one, other: False)
    truth, claimed, right = pair(BLOCK)
    random = Random(5)
    for outputs in random.sample(mutants(truth, claimed), 3):
        touched = [k for k, node in enumerate(outputs) if node != right[k] and NAMES[k] != "bk"]
        for k in random.sample(touched, min(len(touched), 1)):
            (proof,) = prove(truth.store, [truth.outputs[k]], [outputs[k]], seconds=3)
            assert not proof.proved


def test_a_shape_of_numbers_is_one_shape() -> None:
    def square(x: Any) -> Any:
        return np.sum(x) ** 2 / 2

    verdict = sd.check(square, lambda x: (x[0] + x[1]) * np.ones(2), {"x": "2"})
    assert (verdict.status, verdict.scope) == ("proved", "x (2,)")
    assert sd.check(square, lambda x: np.sum(x) * np.ones(x.shape[0]), {"x": "n"}).scope == "every shape"
