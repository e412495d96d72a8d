"""How do two graphs come into one store? Copied node by node; inputs of one name become one node."""

from __future__ import annotations

from symdiff.errors import InputError, explain
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Input, Op
from symdiff.ir.sizes import same_shape, text


def merge(graph: Graph, into: Store, names: dict[str, str] | None = None) -> dict[Node, Node]:
    """Copy a graph into another store; ``names`` renames its inputs. Equal subgraphs become equal nodes."""
    inputs = {op.name: node for node in into.dag if isinstance(op := into.op(node), Input)}
    place: dict[Node, Node] = {}
    for node in graph.nodes:
        op = graph.store.op(node)
        if isinstance(op, Input):
            place[node] = _input(op, into, inputs, (names or {}).get(op.name, op.name))
        else:
            place[node] = into.add(op, [place[k] for k in graph.store.operands(node)])
    return place


def _input(op: Input, into: Store, inputs: dict[str, Node], name: str) -> Node:
    known = inputs.get(name)
    if known is None:
        renamed: Op = Input(name, op.shape, op.kind, op.parameter)
        inputs[name] = into.add(renamed)
        return inputs[name]
    if not same_shape(into.shape(known), op.shape):
        facts: dict[str, object] = {"here": text(into.shape(known)), "there": text(op.shape)}
        raise InputError(explain(f"merge: input {name}", facts, "Give both functions arguments of one shape."))
    return known
