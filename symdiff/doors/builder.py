"""The second door: inputs of symbolic shape, made by hand; formulas on them hold for every size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from symdiff.doors import functions  # noqa: F401  (fills the table of rules)
from symdiff.doors.lifting import lift
from symdiff.doors.recording import Recording
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import BOOL, FLOAT, INT
from symdiff.errors import InputError, explain
from symdiff.ir.graph import Graph
from symdiff.ir.ops import Input, Kind
from symdiff.ir.sizes import parse_shape
from symdiff.ir.trees import LEAF, Tree

_recordings: WeakKeyDictionary[Graph, Recording] = WeakKeyDictionary()
_DTYPES: dict[str, np.dtype[Any]] = {"real": FLOAT, "integer": INT, "boolean": BOOL}


def input_(self: Graph, name: str, shape: str | tuple[int, ...] = "", kind: Kind = "real") -> Tensor:
    """A new argument of the graph, of a shape such as ``"n d"``.

    >>> g = Graph()
    >>> x, W = g.input("x", "n d"), g.param("W", "m d")
    >>> (x @ W.T).shape
    (n, m)
    """
    return _argument(self, Input(name, parse_shape(shape) if isinstance(shape, str) else shape, kind))


def param(self: Graph, name: str, shape: str | tuple[int, ...] = "") -> Tensor:
    """A new argument that is a parameter to be learned."""
    return _argument(self, Input(name, parse_shape(shape) if isinstance(shape, str) else shape, "real", True))


def output(self: Graph, *values: Any) -> Graph:
    """Make these values the outputs of the graph."""
    recording = _recording(self)
    self.outputs = (*self.outputs, *(lift(recording, value) for value in values))
    self.names = dict(recording.names)
    return self


def _argument(graph: Graph, op: Input) -> Tensor:
    if op.name in graph.input_names:
        raise InputError(
            explain(f"graph.input({op.name!r})", {"name": op.name}, "Use another name: it is taken.")
        )
    recording = _recording(graph)
    node = graph.store.add(op)
    arguments = graph.arguments or Tree("tuple")
    graph.inputs = (*graph.inputs, node)
    graph.arguments = replace(
        arguments, children=(*arguments.children, LEAF), keys=(*arguments.keys, op.name)
    )
    recording.taken = recording.taken | {op.name}
    tensor = Tensor(recording, node, _DTYPES[op.kind])
    tensor.origin = "input" if op.shape else "inside"
    return tensor


def _recording(graph: Graph) -> Recording:
    if graph not in _recordings:
        _recordings[graph] = Recording(graph.store)
    return _recordings[graph]


for _name, _method in {"input": input_, "param": param, "output": output}.items():
    setattr(Graph, _name, _method)
