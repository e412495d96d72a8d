"""What is a part of a graph by itself? A copy in a store of its own, in which some nodes are inputs."""

from __future__ import annotations

from collections.abc import Collection, Hashable

from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input, Named, Op


class Cut:
    """Nodes are copied down to those that are ``held``; what is made of the copies can be brought back.

    >>> from symdiff.ir import algebra as alg
    >>> store = Store()
    >>> x = store.add(Input("x", (2,)))
    >>> y = alg.multiply(store, x, x)
    >>> cut = Cut(store, [y])
    >>> copy = cut.taken(alg.scale(store, y, 3))
    >>> len(cut.copy), cut.returned(alg.scale(cut.copy, copy, 2)) == alg.scale(store, y, 6)
    (2, True)
    """

    def __init__(self, store: Store, held: Collection[Node]) -> None:
        self.store, self.copy = store, Store()
        self.own: dict[Node, Node] = {}
        for node in sorted(held):
            signature = store.signature(node)
            self.own[node] = self.copy.add(Input(f"q{node}", signature.shape, signature.kind))
        self.back = {copied: node for node, copied in self.own.items()}

    def taken(self, node: Node) -> Node:
        """The copy of a node."""
        for n in _missing(self.store, node, self.own):
            self.own[n] = self.copy.add(self.store.op(n), [self.own[k] for k in self.store.operands(n)])
            self.back.setdefault(self.own[n], n)
        return self.own[node]

    def returned(self, node: Node) -> Node:
        """The node of which one in the copy is, or would be, the copy."""
        for n in _missing(self.copy, node, self.back):
            self.back[n] = self.store.add(self.copy.op(n), [self.back[k] for k in self.copy.operands(n)])
        return self.back[node]

    def form(self) -> tuple[Hashable, ...]:
        """The copy so far, without the names in it: parts of two layers are alike."""
        nodes = range(len(self.copy))
        return tuple((_nameless(self.copy.op(n)), self.copy.operands(n)) for n in nodes)

    def repeated(self, other: Store, node: Node) -> Node:
        """What was made in another copy, of which the first nodes are those of this one, made here."""
        size = len(self.copy)
        new: dict[Node, Node] = {}
        for n in other.ancestors([node]):
            below = [new[k] for k in other.operands(n)]
            new[n] = n if n < size else self.copy.add(other.op(n), below)
        return new[node]


def _nameless(op: Op) -> Hashable:
    match op:
        case Input():
            return op.shape, op.kind
        case Named():
            return "named"
    return op


def _missing(store: Store, node: Node, known: Collection[Node]) -> list[Node]:
    """The nodes of which one is made that are not known yet, in order."""
    found: set[Node] = set()
    waiting = [node] if node not in known else []
    while waiting:
        n = waiting.pop()
        if n not in found:
            found.add(n)
            waiting += [k for k in store.operands(n) if k not in known]
    return sorted(found)
