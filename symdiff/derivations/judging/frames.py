"""At which numbers is a derivation tried? At small sizes for its size symbols, and at rational points off the kinks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import cycle, islice
from typing import Any

import numpy as np

from symdiff.checking.sampling import Point, points
from symdiff.derivations.steps import Derivation, Step
from symdiff.errors import SymdiffError
from symdiff.ir.concrete import at_sizes, size_symbols
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Contract
from symdiff.ir.sizes import is_concrete

_SIZES = ((2,), (3, 2), (2, 3), (3,), (4,), (6,), (4, 8), (5,), (12,), (1, 2), (1,))


@dataclass(frozen=True, eq=False)
class Frame:
    """A derivation at numbers for its sizes: its steps, its names and all its inputs, in one store."""

    graph: Graph
    steps: tuple[Step, ...]
    names: Mapping[Node, str]
    fixed: Mapping[Node, Any]

    @property
    def store(self) -> Store:
        """Where the nodes are."""
        return self.graph.store

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """The quantities by name: of a marked value and what is marked, the mark."""
        return {self.names[node]: node for node in sorted(self.names)}

    def quantities(self) -> list[tuple[str, Node]]:
        """The quantities of the function itself, in order; its inputs too."""
        forward = {step.quantity for step in self.steps if step.phase == "forward"}
        return sorted(((q, n) for q, n in self.nodes.items() if q in forward), key=lambda pair: pair[1])

    def cost(self) -> int:
        """How many numbers are computed, about."""
        nodes = self.store.ancestors([step.node for step in self.steps])
        return sum(_numbers(self.store, node) for node in nodes)

    def points(self, seed: int) -> Iterator[Point]:
        """Fractions for all inputs, without end: of mixed signs first, then positive ones, then others."""
        examples = {n: self.fixed.get(n, np.zeros(self.store.shape(n))) for n in self.graph.inputs}
        return points(self.graph, examples, {}, seed)


def frames(derivation: Derivation, fixed: Mapping[Node, Any]) -> Iterator[Frame]:
    """The derivation at several sizes, the least telling ones last; itself where it has no size symbols.

    ``fixed`` are the values of integer inputs.
    """
    graph, steps = derivation.graph, derivation.steps
    symbols = sorted(size_symbols(graph), key=str)
    if not symbols:
        yield Frame(graph, steps, derivation.names, fixed)
        return
    terms = [term.node for step in steps for term in step.terms]
    nodes = list(dict.fromkeys([*(s.node for s in steps), *terms, *derivation.names, *graph.outputs]))
    whole = replace(graph, outputs=tuple(nodes), names={}, results=None)
    for sizes in _SIZES:
        try:
            small = at_sizes(whole, dict(zip(symbols, islice(cycle(sizes), len(symbols)), strict=True)))
        except (SymdiffError, ValueError, TypeError, ZeroDivisionError):
            continue
        if all(is_concrete(small.shape(n)) and min((1, *small.shape(n))) >= 1 for n in small.nodes):
            yield _moved(derivation, small, dict(zip(nodes, small.outputs, strict=True)), fixed)


def _moved(
    derivation: Derivation, small: Graph, new: Mapping[Node, Node], fixed: Mapping[Node, Any]
) -> Frame:
    steps = tuple(
        replace(
            step,
            node=new[step.node],
            terms=tuple(replace(term, node=new[term.node]) for term in step.terms),
        )
        for step in derivation.steps
    )
    graph = replace(small, outputs=tuple(new[n] for n in derivation.graph.outputs))
    inputs = dict(zip(derivation.graph.inputs, graph.inputs, strict=True))
    held = {inputs[n]: value for n, value in fixed.items()}
    return Frame(graph, steps, {new[n]: name for n, name in derivation.names.items()}, held)


def _numbers(store: Store, node: Node) -> int:
    op = store.op(node)
    shape: Sequence[Any] = op.sizes if isinstance(op, Contract) else store.shape(node)
    return int(np.prod([int(size) for size in shape], dtype=object)) if shape else 1
