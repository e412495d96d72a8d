"""Which integer inputs are indices, and of which axes? Those may be drawn; others stay what they are."""

from __future__ import annotations

import random
from collections.abc import Mapping

from symdiff.checking.questions import Question, leaf_values
from symdiff.evaluation.exact import Objects
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Contract, Gather, Input, Op, Reshape, ScatterAdd, Slice
from symdiff.ir.trees import Tree

_LONGEST = 40  # characters of a value that is named


def index_sizes(graph: Graph) -> dict[Node, int]:
    """The integer inputs that do nothing but index, each with the size of its shortest axis."""
    store, nodes = graph.store, graph.store.ancestors(graph.outputs)
    users: dict[Node, list[Node]] = {}
    for node in nodes:
        for operand in store.operands(node):
            users.setdefault(operand, []).append(node)
    found: dict[Node, int] = {}
    for node in graph.inputs:
        if store.kind(node) == "integer":
            size = _size(store, node, users)
            if size:
                found[node] = size
    return found


def _size(store: Store, index: Node, users: Mapping[Node, list[Node]]) -> int | None:
    """The size of the shortest axis that is indexed; None if the numbers are used in another way."""
    sizes: list[int] = []
    waiting = [index]
    while waiting:
        node = waiting.pop()
        for user in users.get(node, ()):
            op, operands = store.op(user), store.operands(user)
            if isinstance(op, (Gather, ScatterAdd)) and operands[0] != node:
                sizes.append(
                    int(op.size if isinstance(op, ScatterAdd) else store.shape(operands[0])[op.axis])
                )
            elif _is_layout(op):
                waiting.append(user)
            else:
                return None
    return min(sizes, default=None)


def _is_layout(op: Op) -> bool:
    if isinstance(op, Contract):
        return len(op.inputs) == 1 and op.coefficient == 1 and not op.summed
    return isinstance(op, (Reshape, Slice))


def drawn(size: int, example: Objects, rng: random.Random) -> Objects:
    """Other indices of an axis, some of them twice."""
    result = example.copy()
    for place in range(result.size):
        result.flat[place] = rng.randrange(size)
    if result.size > 1 and rng.random() < 0.5:
        result.flat[rng.randrange(1, result.size)] = result.flat[0]
    return result


def held(question: Question) -> dict[str, str]:
    """The whole numbers of a question that are never varied, with their values."""
    graph = question.forward
    if graph.arguments is None:
        return {}
    free = index_sizes(graph)
    fixed: dict[str, str] = {}
    for node, value in zip(graph.inputs, leaf_values(question), strict=True):
        op = graph.store.op(node)
        if isinstance(op, Input) and op.kind == "integer" and node not in free:
            fixed[op.name] = _shown(value)
    for name, tree in zip(graph.arguments.keys, graph.arguments.children, strict=True):
        fixed |= {path: _shown(value) for path, value in _numbers(name, tree)}
    return fixed


def _numbers(name: str, tree: Tree) -> list[tuple[str, object]]:
    """The plain integers in an argument, by name."""
    if tree.form == "static":
        return (
            [(name, tree.value)] if isinstance(tree.value, int) and not isinstance(tree.value, bool) else []
        )
    if tree.form == "dict":
        return [
            pair
            for key, child in zip(tree.keys, tree.children, strict=True)
            for pair in _numbers(f"{name}.{key}", child)
        ]
    return [pair for k, child in enumerate(tree.children) for pair in _numbers(f"{name}[{k}]", child)]


def _shown(value: object) -> str:
    text = str(value.tolist() if hasattr(value, "tolist") else value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."
