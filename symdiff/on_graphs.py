"""What is the derivative of a graph, or of one of its tensors? A graph, or tensors of the same graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from symdiff.doors.lifting import lift
from symdiff.doors.tensors import Tensor
from symdiff.errors import InputError, explain
from symdiff.ir.graph import Graph
from symdiff.ir.ops import Input
from symdiff.ir.trees import LEAF, Tree

Derive: TypeAlias = Callable[[Graph, list[str]], Graph]


def derive(subject: Graph | Tensor, wrt: Any, rule: Derive) -> Any:
    """Apply a rule of calculus: a Graph gives a Graph, a Tensor gives Tensors (one for each of ``wrt``)."""
    graph = subject if isinstance(subject, Graph) else _graph_of(subject)
    many = isinstance(wrt, (tuple, list))
    leaves = [leaf for item in (wrt if many else (wrt,)) for leaf in _leaves(graph, item)]
    derived = rule(graph, leaves)
    derived.check_legality()
    if isinstance(subject, Graph):
        return derived
    assert subject.recording is not None
    tensors = tuple(Tensor(subject.recording, node, np.dtype(float)) for node in derived.outputs)
    return tensors if many or len(tensors) != 1 else tensors[0]


def _graph_of(tensor: Tensor) -> Graph:
    """The function whose one output is the tensor."""
    recording = tensor.recording
    assert recording is not None
    store = recording.store
    inputs = tuple(n for n in range(len(store)) if isinstance(store.op(n), Input))
    names = tuple(op.name for op in map(store.op, inputs) if isinstance(op, Input))
    arguments = Tree("tuple", (LEAF,) * len(inputs), names)
    return Graph(store, inputs, (lift(recording, tensor),), arguments, None, dict(recording.names))


def _leaves(graph: Graph, item: Any) -> Sequence[str]:
    if isinstance(item, Tensor):
        assert item.recording is not None
        op = graph.store.op(lift(item.recording, item))
        name = getattr(op, "name", None)
        if name is None:
            facts: dict[str, object] = {"wrt": item}
            raise InputError(
                explain("wrt", facts, "Differentiate by an input, or name it: t = sd.name(t, ...).")
            )
        return [name]
    if isinstance(item, int):
        names = graph.arguments.keys if graph.arguments is not None else graph.input_names
        if not -len(names) <= item < len(names):
            raise InputError(
                explain(f"wrt={item}", {"inputs": ", ".join(names)}, "Use a name or a smaller position.")
            )
        item = names[item]
    return graph.leaf_names(item)
