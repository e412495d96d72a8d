"""How is a claim edited? Another operand at one edge, another node everywhere; rebuilt where the numbers are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TypeVar

import numpy as np

from symdiff.checking.mistakes.masks import Masks
from symdiff.checking.mistakes.screening import Edge, Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.questions import Question
from symdiff.errors import OutOfTime, SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.merging import rebuild
from symdiff.ir.ops import Contract, Input, Labels
from symdiff.ir.sizes import same_shape

T = TypeVar("T")
_MANY_USES = 4
_MANY_LABELS = 64
Edges = Mapping[Edge, Node]
Nodes = Mapping[Node, Node]
NO_NODES: dict[Node, Node] = {}
NO_EDGES: dict[Edge, Node] = {}


@dataclass(frozen=True)
class Site:
    """A quantity of the claim, at some of its uses or, without ``edges``, at all of them."""

    node: Node
    edges: tuple[Edge, ...] = ()

    @property
    def edge(self) -> Edge | None:
        """The use, if it is only one."""
        return self.edges[0] if len(self.edges) == 1 else None

    def put(self, new: T) -> tuple[dict[Edge, T], dict[Node, T]]:
        """Another quantity here, as edges and nodes that change."""
        return (dict.fromkeys(self.edges, new), {}) if self.edges else ({}, {self.node: new})


class Editing:
    """One target of a claim, and what becomes of it when some operands or nodes are exchanged."""

    def __init__(self, question: Question, target: int, screen: Screen) -> None:
        self.question, self.target, self.screen = question, target, screen
        self.store: Store = question.truth.store

    @property
    def claim(self) -> Node:
        """The claim's node."""
        return self.screen.claim

    @cached_property
    def nodes(self) -> list[Node]:
        """The nodes of the claim, the last first."""
        return self.screen.order[::-1]

    @cached_property
    def edges(self) -> list[Edge]:
        """Every use of a node in the claim, the last first."""
        store = self.store
        return [(node, slot) for node in self.nodes for slot in range(len(store.operands(node)))]

    @cached_property
    def uses(self) -> dict[Node, int]:
        """How often each node of the claim is used."""
        counts = {self.claim: 1}
        for node, slot in self.edges:
            operand = self.store.operands(node)[slot]
            counts[operand] = counts.get(operand, 0) + 1
        return counts

    def operand(self, edge: Edge) -> Node:
        """The node at an edge."""
        return self.store.operands(edge[0])[edge[1]]

    @cached_property
    def pool(self) -> list[Node]:
        """What might have been meant: the inputs, the quantities of the function, those of the claim."""
        return sorted({*self.question.truth.inputs, *self.forward, *self.nodes, *self._partial_products})

    @cached_property
    def _partial_products(self) -> set[Node]:
        """The products of the function without one of their factors: what a layer scales is worth a name."""
        store, found = self.store, set()
        for node in self.forward:
            rank = len(store.shape(node))
            factors = _factors(store, node, tuple(range(rank)))
            sizes = dict(enumerate(store.shape(node)))
            for slot in range(len(factors)) if 2 < len(factors) < 7 else ():
                rest = [*factors[:slot], *factors[slot + 1 :]]
                if {label for _, labels in rest for label in labels} >= set(sizes):
                    found.add(alg.contract(store, rest, tuple(sizes), 1, sizes))
        return found

    def mended(
        self,
        kind: str,
        detail: Callable[[], str],
        edges: Edges = NO_EDGES,
        nodes: Nodes = NO_NODES,
        *,
        place: Node | None = None,
        strength: int = 1,
    ) -> Iterator[Suspect]:
        """A suspect, if the numbers say that the edited claim is right."""
        if not self.screen.mends(edges, nodes):
            return
        try:
            right = self.rebuilt(edges, nodes)
        except OutOfTime:
            raise
        except (SymdiffError, ValueError, IndexError):
            return
        if same_shape(self.store.shape(right), self.store.shape(self.screen.truth)):
            where = place if place is not None else next((n for n, _ in edges), next(iter(nodes), None))
            yield Suspect(
                kind, detail(), self.screen.truth, right, place=where, mended=True, strength=strength
            )

    def rebuilt(self, edges: Edges, nodes: Nodes) -> Node:
        """The claim's node after the edit."""
        store, new = self.store, dict(nodes)
        users = {user for user, _ in edges}
        for node in self.screen.order:
            if node in new:
                continue
            operands = store.operands(node)
            if node in users or not new.keys().isdisjoint(operands):
                changed = [edges.get((node, slot), new.get(n, n)) for slot, n in enumerate(operands)]
                new[node] = rebuild(store, store.op(node), changed)
        return new.get(self.claim, self.claim)

    @cached_property
    def sites(self) -> list[Site]:
        """Each quantity with each of its uses in the claim, with all of them, and with those on the way back."""
        several = [n for n in self.nodes if self.uses[n] != 1 and n != self.claim and self._varies(n)]
        found = [Site(self.operand(edge), (edge,)) for edge in self.edges]
        for node in several:
            found.append(Site(node))
            own = tuple(e for e in self.edges if self.operand(e) == node and e[0] not in self.forward)
            if 1 < len(own) < self.uses[node]:
                found.append(Site(node, own))
            uses = [e for e in self.edges if self.operand(e) == node]
            if 2 < len(uses) <= _MANY_USES:
                found += [Site(node, pair) for pair in combinations(uses, 2) if pair != own]
        return found

    def _varies(self, node: Node) -> bool:
        """Whether a quantity is no constant: two constants of one value are one node by accident."""
        return bool(self.store.operands(node)) or isinstance(self.store.op(node), Input)

    def is_fixed(self, node: Node) -> bool:
        """Whether a quantity is the same at all points."""
        screen = self.screen
        first = screen.value(0, node)
        every = (screen.value(k, node) for k in range(1, len(screen)))
        return len(screen) > 1 and all(np.allclose(value, first, rtol=1e-9) for value in every)

    def only_decides(self, site: Site) -> bool:
        """Whether a quantity does nothing but choose: each of its uses ends in a comparison."""
        edges = site.edges or tuple(e for e in self.edges if self.operand(e) == site.node)
        return bool(edges) and all(e in self._deciding or self._decides.get(e[0], False) for e in edges)

    def may_decide(self, site: Site) -> bool:
        """Whether some of several uses of a quantity end in a comparison."""
        return not site.edges and any(
            e in self._deciding or self._decides.get(e[0], False)
            for e in self.edges
            if self.operand(e) == site.node
        )

    @cached_property
    def _deciding(self) -> set[Edge]:
        masks = Masks(self.question)
        return {edge for edge in self.edges if masks.decides(edge)}

    @cached_property
    def _decides(self) -> dict[Node, bool]:
        """For each node of the claim, whether every use of it ends in a comparison."""
        users: dict[Node, list[Edge]] = {}
        for edge in self.edges:
            users.setdefault(self.operand(edge), []).append(edge)
        found = {self.claim: False}
        for node in self.nodes[1:]:
            found[node] = all(
                e in self._deciding or found.get(e[0], False) for e in users.get(node, [(-1, 0)])
            )
        return found

    @cached_property
    def forward(self) -> set[Node]:
        """The quantities of the function: what the claim computes on the way forward."""
        return set(self.store.ancestors(self.question.forward.outputs))

    @cached_property
    def real_sites(self) -> list[Site]:
        """The sites of real quantities that are no constants."""
        store = self.store
        return [site for site in self.sites if store.kind(site.node) == "real" and self._varies(site.node)]


def _factors(store: Store, node: Node, labels: Labels, depth: int = 3) -> list[tuple[Node, Labels]]:
    """The factors of a product of products without a sum, each with the axes along which it lies."""
    op = store.op(node)
    if depth == 0 or not isinstance(op, Contract) or op.coefficient != 1:
        return [(node, labels)]
    if len(set(op.output)) < len(op.output) or any(op.sizes[k] != 1 for k in op.summed):
        return [(node, labels)]
    place, found = dict(zip(op.output, labels, strict=True)), []
    for operand, own in zip(store.operands(node), op.inputs, strict=True):
        for k in own:
            place.setdefault(k, _MANY_LABELS * (node + 1) + k)
        found += _factors(store, operand, tuple(place[k] for k in own), depth - 1)
    return found


def fitted(store: Store, node: Node, other: Node) -> Node | None:
    """``other`` broadcast to the shape of ``node`` as NumPy would, or along its first axes; None if neither fits."""
    shape, own = store.shape(node), store.shape(other)
    if same_shape(shape, own):
        return other
    pairs = zip(own[::-1], shape[::-1], strict=False)
    if len(own) <= len(shape) and all(o in (1, s) for o, s in pairs):
        return alg.broadcast_to(store, other, shape)
    if 0 < len(own) < len(shape) and shape[: len(own)] == own:
        labels = tuple(range(len(shape)))
        return alg.contract(store, [(other, labels[: len(own)])], labels, sizes=dict(enumerate(shape)))
    return None
