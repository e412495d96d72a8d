"""How does a derivative look in quantities that have names? That of the softmax in terms of its output."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from symdiff.checking.regrouping import regrouped
from symdiff.errors import SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Contract, Named
from symdiff.ir.sizes import is_concrete
from symdiff.proof.at_shape.zero_test import equal_at_shape
from symdiff.proof.every_shape.proving import prove

_SECONDS = 0.5


def by_quantities(store: Store, node: Node, outputs: Collection[Node]) -> Node:
    """The same with named products in the place of their factors, where that is shorter and was proved.

    ``outputs`` are the named nodes that may stand for what they mean.
    """
    meanings = {store.operands(n)[0] if isinstance(store.op(n), Named) else n: n for n in outputs}
    products = {m: n for m, n in meanings.items() if _is_product(store, m)}
    if not products or not any(k in products_of(store, products) for k in store.ancestors([node])):
        return node

    def vanishes(part: Node) -> bool:
        return _are_equal(store, part, alg.constant(store, 0, store.shape(part)))

    try:
        other = regrouped(store, node, products, vanishes)
        if other is None or not _are_equal(store, node, other):
            return node
    except SymdiffError:
        return node
    return _replaced(store, other, products)


def _are_equal(store: Store, one: Node, other: Node) -> bool:
    if all(is_concrete(store.shape(n)) for n in store.ancestors([one, other])):
        return bool(equal_at_shape(store, [one], [other], seconds=_SECONDS).equal)
    (proof,) = prove(store, [one], [other], seconds=_SECONDS)
    return bool(proof.proved)


def products_of(store: Store, products: Mapping[Node, Node]) -> set[Node]:
    """The factors of some products."""
    return {k for product in products for k in store.operands(product)}


def _is_product(store: Store, node: Node) -> bool:
    op = store.op(node)
    return isinstance(op, Contract) and len(op.inputs) > 1


def _replaced(store: Store, node: Node, by: Mapping[Node, Node]) -> Node:
    """A node with some nodes below it exchanged."""
    done: dict[Node, Node] = dict(by)
    for n in store.ancestors([node]):
        if n not in done and not isinstance(store.op(n), Named):
            below = tuple(done.get(k, k) for k in store.operands(n))
            done[n] = n if below == store.operands(n) else store.add(store.op(n), below)
    return done[node]
