"""How do two graphs come into one store? Rebuilt node by node, so that equal subgraphs become equal nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symdiff.errors import InputError, explain
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Contract, Input, Map, Op
from symdiff.ir.sizes import same_shape, text


def merge(graph: Graph, into: Store, inputs: Mapping[Node, Node] | None = None) -> dict[Node, Node]:
    """Rebuild a graph in another store; ``inputs`` says which node stands for which input, by default that of its name.

    Products and sums are ordered by the numbers of their operands, so a plain copy would hide equal nodes.
    """
    named = {op.name: node for node in into.dag if isinstance(op := into.op(node), Input)}
    place: dict[Node, Node] = {}
    for node in graph.nodes:
        op = graph.store.op(node)
        if isinstance(op, Input):
            target = inputs.get(node) if inputs is not None else named.get(op.name)
            place[node] = _input(op, into, target)
        else:
            place[node] = rebuild(into, op, [place[k] for k in graph.store.operands(node)])
    return place


def rebuild(store: Store, op: Op, operands: Sequence[Node]) -> Node:
    """An operation on new operands, through the constructors that write every expression in one way."""
    if isinstance(op, Contract):
        factors = list(zip(operands, op.inputs, strict=True))
        return alg.contract(store, factors, op.output, op.coefficient, dict(enumerate(op.sizes)))
    if isinstance(op, Map):
        return alg.apply(store, op.formula, operands)
    return store.add(op, operands)


def _input(op: Input, into: Store, target: Node | None) -> Node:
    if target is None:
        return into.add(op)
    if not same_shape(into.shape(target), op.shape):
        facts: dict[str, object] = {"here": text(into.shape(target)), "there": text(op.shape)}
        raise InputError(
            explain(f"merge: input {op.name}", facts, "Give both functions arguments of one shape.")
        )
    return target
