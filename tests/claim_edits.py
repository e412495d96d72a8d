"""Which wrong versions of a backward pass are there? One sign, factor, transpose or term of its graph changed.

An edit is made at symbolic sizes, at one use of one quantity; what comes out is a mutant. ``Instance`` asks the same at
concrete sizes, where a mutant is screened in floats, refuted in balls, and its mistake named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from every_shape_list import LISTED, Listed
from transformer_block import NAMES, SHAPES, block, block_backward

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.probing import probes
from symdiff.checking.mistakes.screening import Screen, close, size
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, ask
from symdiff.errors import SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.concrete import at_sizes
from symdiff.ir.formulas import ADD, SUBTRACT
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.merging import rebuild
from symdiff.ir.ops import Contract, Literal, Map
from symdiff.ir.sizes import parse_shape, same, same_shape, substitute, symbols_of

_POINTS = 3
_SQUARE = (
    "softmax + cross-entropy",
    "layer norm",
    "batch norm",
    "RMS norm",
)  # also asked with all sizes equal
_SIZES = {"B": 2, "n": 3, "D": 4, "h": 2, "dh": 3, "f": 5}  # of the block, which is large


@dataclass(frozen=True)
class Claimed:
    """A function and a backward pass of it that is proved for every shape."""

    name: str
    fn: Callable[..., Any]
    claim: Callable[..., Any]
    shapes: tuple[str, ...]
    of: Any
    wrt: Any
    domain: dict[str, Any] = field(default_factory=dict)

    @property
    def is_twin(self) -> bool:
        """Whether another claim has the same graph with other sizes: then only axes are exchanged here."""
        return "square" in self.name

    @property
    def options(self) -> Options:
        """What is known of the inputs."""
        return Options(domain=self.domain)

    @property
    def sizes(self) -> dict[sp.Symbol, int]:
        """Small sizes, all different; 3 where there is only one."""
        names = sorted(symbols_of(tuple(s for shape in self.shapes for s in parse_shape(shape))), key=str)
        if self.fn is block:
            return {s: _SIZES[str(s)] for s in names}
        return dict(zip(names, range(2, 2 + len(names)), strict=True)) if len(names) > 1 else {names[0]: 3}

    def ask(self, sizes: dict[sp.Symbol, int] | None = None) -> Question:
        """The question for symbolic sizes, or for these."""
        names = self.fn.__code__.co_varnames[: len(self.shapes)]
        examples = dict(zip(names, self.shapes, strict=True))
        filled = examples if sizes is None else {name: _filled(s, sizes) for name, s in examples.items()}
        return ask(self.fn, self.claim, filled, self.wrt, self.of)


def _filled(shape: str, sizes: dict[sp.Symbol, int]) -> Any:
    lengths = tuple(int(substitute(s, sizes)) for s in parse_shape(shape))
    return np.arange(1, 1 + int(np.prod(lengths))).reshape(lengths) / 8.0 if lengths else 0.5


def _square(listed: Listed) -> Claimed:
    shapes = tuple(" ".join("n" for _ in shape.split()) for shape in listed.shapes)
    return Claimed(f"{listed.name}, square", listed.fn, listed.make(), shapes, listed.of, listed.wrt)


CLAIMS = (
    *(Claimed(c.name, c.fn, c.make(), c.shapes, c.of, c.wrt, c.domain) for c in LISTED),
    *(_square(c) for c in LISTED if c.name in _SQUARE),
    Claimed("Transformer block", block, block_backward.claim, SHAPES, "vjp", NAMES),
)


# Edits ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutant:
    """The claim's outputs after one edit: its kind in api.md's words, and what was changed."""

    kind: str
    edit: str
    outputs: tuple[Node, ...]


def mutants(claimed: Claimed, question: Question) -> list[Mutant]:
    """All of them, without those that another edit has made already, or whose shapes do not fit."""
    assert question.claimed is not None
    store, right = question.truth.store, question.claimed
    found: dict[tuple[Node, ...], Mutant] = {}
    for mutant in _edited(question):
        fits = all(
            same_shape(store.shape(a), store.shape(b)) for a, b in zip(mutant.outputs, right, strict=True)
        )
        if fits and mutant.outputs != right:
            found.setdefault(mutant.outputs, mutant)
    return [m for m in found.values() if m.kind == "transpose" or not claimed.is_twin]


def _edited(question: Question) -> Iterator[Mutant]:
    store, right = question.truth.store, question.claimed
    assert right is not None
    order = store.ancestors(right)
    for k, node in enumerate(right):
        for kind, edit, new in _otherwise(store, node):
            yield Mutant(kind, f"{edit}: output {k}", (*right[:k], new, *right[k + 1 :]))
    for user in order:
        for slot, operand in enumerate(store.operands(user)):
            if store.kind(operand) != "real":
                continue
            for kind, edit, new in _otherwise(store, operand):
                outputs = _rebuilt(store, order, right, user, _with(store, user, slot, new))
                if outputs is not None:
                    yield Mutant(kind, f"{edit}: operand {slot} of {_words(store, user)}", outputs)
        for kind, edit, new in _without_one(store, user):
            outputs = _rebuilt(store, order, right, user, new)
            if outputs is not None:
                yield Mutant(kind, f"{edit} in {_words(store, user)}", outputs)


def _words(store: Store, node: Node) -> str:
    return formula_text(store, node, 60)


def _otherwise(store: Store, node: Node) -> Iterator[tuple[str, str, Node]]:
    """Minus a quantity, twice, half of it, and with two axes of one size exchanged."""
    yield "sign", "negated", alg.scale(store, node, -1)
    yield "factor", "doubled", alg.scale(store, node, 2)
    yield "factor", "halved", alg.scale(store, node, Fraction(1, 2))
    shape = store.shape(node)
    for i in range(len(shape)):
        for j in range(i + 1, len(shape)):
            if same(shape[i], shape[j]) and shape[i] != 1:
                axes = list(range(len(shape)))
                axes[i], axes[j] = j, i
                yield "transpose", f"axes {i} and {j} exchanged", alg.transpose(store, node, axes)


def _with(store: Store, user: Node, slot: int, new: Node) -> Node:
    operands = store.operands(user)
    return rebuild(store, store.op(user), [*operands[:slot], new, *operands[slot + 1 :]])


def _without_one(store: Store, node: Node) -> Iterator[tuple[str, str, Node]]:
    """A sum without one of its terms, a product without one of its factors."""
    op, operands = store.op(node), store.operands(node)
    if isinstance(op, Map) and op.formula in (ADD, SUBTRACT):
        left, right = operands
        yield "term", "first term dropped", right if op.formula is ADD else alg.scale(store, right, -1)
        yield "term", "second term dropped", left
    if isinstance(op, Contract) and len(operands) > 1:
        for slot in range(len(operands)):
            rest = [(n, op.inputs[k]) for k, n in enumerate(operands) if k != slot]
            held = {label for _, labels in rest for label in labels}
            if set(op.output) <= held:
                sizes = {k: s for k, s in enumerate(op.sizes) if k in held}
                yield (
                    "dropped factor", f"factor {slot} of {len(operands)} dropped",
                    alg.contract(store, rest, op.output, op.coefficient, sizes),
                )  # fmt: skip


def _rebuilt(
    store: Store, order: Sequence[Node], outputs: Sequence[Node], old: Node, new: Node
) -> tuple[Node, ...] | None:
    """The outputs with another node in the place of one."""
    place = {old: new}
    try:
        for node in order:
            operands = store.operands(node)
            if node > old and not place.keys().isdisjoint(operands):
                place[node] = rebuild(store, store.op(node), [place.get(k, k) for k in operands])
    except (SymdiffError, ValueError):
        return None
    return tuple(place.get(y, y) for y in outputs)


# At concrete sizes ----------------------------------------------------------------------------------------------


def _merged(graph: Graph, into: Graph) -> list[Node]:
    """The outputs of a graph in the store of another, with roots of sizes as the floats that NumPy makes of them."""
    store, place = into.store, dict(zip(graph.inputs, into.inputs, strict=True))
    for node in graph.nodes:
        if node in place:
            continue
        op, operands = graph.store.op(node), [place[k] for k in graph.store.operands(node)]
        if isinstance(op, Contract) and not isinstance(op.coefficient, Fraction):
            root = store.add(Literal(float(op.coefficient)))
            op = replace(op, coefficient=Fraction(1), inputs=(*op.inputs, ()))
            operands.append(root)
        place[node] = rebuild(store, op, operands)
    return [place[n] for n in graph.outputs]


class Instance:
    """A question at concrete sizes, with all mutants of its claim in its store."""

    def __init__(self, claimed: Claimed, general: Question, found: Sequence[Mutant]) -> None:
        self.options, sizes = claimed.options, claimed.sizes
        self.question = claimed.ask(sizes)
        every = [node for mutant in found for node in mutant.outputs]
        nodes = _merged(at_sizes(general.truth.with_outputs(every), sizes), self.question.truth)
        count = len(general.targets)
        self.outputs = [tuple(nodes[k : k + count]) for k in range(0, len(nodes), count)]

    @cached_property
    def points(self) -> list[Any]:
        """Moderate points off every kink."""
        return probes(self.question, self.options, _POINTS)

    @cached_property
    def _screen(self) -> Screen:
        truth = self.question.truth.outputs[0]
        return Screen(self.question.truth.store, self.points, truth, truth)

    def differing(self, mutant: int) -> list[int]:
        """The targets in which a mutant differs from the truth in floats."""
        pairs = zip(self.question.truth.outputs, self.outputs[mutant], strict=True)
        return [
            k for k, (truth, claim) in enumerate(pairs) if truth != claim and not self._same(truth, claim)
        ]

    def _same(self, truth: Node, claim: Node) -> bool:
        with np.errstate(all="ignore"):
            every = [
                (self._screen.value(k, truth), self._screen.value(k, claim)) for k in range(len(self.points))
            ]
        return all(close(a, b, max(size(a), 1e-300)) for a, b in every)

    def alone(self, mutant: int, target: int) -> Question:
        """The question with a mutant as its claim, by one target only."""
        question = self.question
        name = question.targets[target]
        by = {"wrt": (name,)} if len(question.wrt) > 1 else {}
        return replace(
            question,
            truth=question.truth.with_outputs([question.truth.outputs[target]]),
            targets=(name,),
            claimed=(self.outputs[mutant][target],),
            many=False,
            **by,
        )
