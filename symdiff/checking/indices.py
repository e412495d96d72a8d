"""Which integer inputs are indices, and of which axes? Those may be drawn; others stay what they are."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from symdiff.checking.arguments import Wrt, chosen, split_call
from symdiff.checking.domains import Domain
from symdiff.checking.questions import Of, Question, leaf_values
from symdiff.doors.arguments import Indices
from symdiff.doors.tracing import trace_call
from symdiff.evaluation.exact import Objects
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Contract, Gather, Input, Op, Reshape, ScatterAdd, Slice
from symdiff.ir.sizes import Size, is_concrete
from symdiff.ir.trees import Tree

_LONGEST = 40  # characters of a value that is named


def index_sizes(graph: Graph) -> dict[Node, int]:
    """The integer inputs that do nothing but index, each with the size of its shortest axis."""
    found = _indexed_axes(graph.store, graph.outputs)
    return {
        node: min(map(int, found[node].sizes))
        for node in graph.inputs
        if node in found and found[node].sizes and not found[node].is_number
    }


def with_positions(
    fn: Callable[..., Any], examples: dict[str, Any], wrt: Wrt, of: Of, domain: Domain
) -> dict[str, Any]:
    """The examples; shapes of whole numbers that the function indexes by are marked as such."""
    names = [n for n, v in examples.items() if domain.get(n) == "integer" and isinstance(v, str)]
    moving = chosen(wrt or 0, list(examples)) if names and of != "value" else ()
    marked = examples | {n: Indices(examples[n]) for n in names if n not in moving}
    if all(marked[n] is examples[n] for n in names):
        return examples
    try:
        args, kwargs = split_call(fn, marked)
        graph = trace_call(fn, args, kwargs, shapes=True)
    except Exception:  # what is wrong with the function is told when the question is asked
        return examples
    ops = {node: graph.store.op(node) for node in _indexed_axes(graph.store, graph.outputs)}
    used = {op.name for op in ops.values() if isinstance(op, Input)}
    return {n: marked[n] if n in used else v for n, v in examples.items()}


def positions(store: Store, nodes: Sequence[Node]) -> tuple[str, ...]:
    """What is taken for granted of symbolic positions: ``0 <= i < v``."""
    found: list[str] = []
    for node, axes in _indexed_axes(store, nodes).items():
        op = store.op(node)
        sizes = sorted(dict.fromkeys(map(str, axes.sizes)))
        if isinstance(op, Input) and not is_concrete((*op.shape, *axes.sizes)):
            least = sizes[0] if len(sizes) == 1 else f"min({', '.join(sizes)})"
            found.append(f"0 <= {op.name} < {least}")
    return tuple(found)


@dataclass
class _Axes:
    """The sizes of the axes that an input indexes, and whether it is used in other ways too."""

    sizes: list[Size] = field(default_factory=list)
    is_number: bool = False


def _indexed_axes(store: Store, outputs: Sequence[Node]) -> dict[Node, _Axes]:
    """The integer inputs that index something."""
    nodes = store.ancestors(outputs)
    users: dict[Node, list[Node]] = {}
    for node in nodes:
        for operand in store.operands(node):
            users.setdefault(operand, []).append(node)
    inputs = [n for n in nodes if store.kind(n) == "integer" and isinstance(store.op(n), Input)]
    found = {node: _axes(store, node, users) for node in inputs}
    return {node: axes for node, axes in found.items() if axes.sizes}


def _axes(store: Store, index: Node, users: Mapping[Node, list[Node]]) -> _Axes:
    found = _Axes()
    waiting = [index]
    while waiting:
        node = waiting.pop()
        for user in users.get(node, ()):
            op, operands = store.op(user), store.operands(user)
            if isinstance(op, (Gather, ScatterAdd)) and operands[0] != node:
                found.sizes.append(
                    op.size if isinstance(op, ScatterAdd) else store.shape(operands[0])[op.axis]
                )
            elif _is_layout(op):
                waiting.append(user)
            else:
                found.is_number = True
    return found


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
