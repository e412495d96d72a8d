"""What do the quantities of a function call themselves? As in its code: local variables, and ``sd.name``.

A variable that is bound again gets a number for each value: ``h_1``, ``h_2``; a parameter keeps its name.
"""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import CodeType, FrameType
from typing import Any

from symdiff.derivations.walking.labels import leaf_labels, slice_labels
from symdiff.derivations.walking.promoting import is_own, promoted
from symdiff.doors.tensors import Tensor
from symdiff.doors.tracing import trace
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Input, Literal, Named, Table

Function = Callable[..., Any]


def traced_with_names(fn: Function, *examples: Any, **named: Any) -> tuple[Graph, dict[Node, str]]:
    """The graph of a function, and the names of its quantities: inputs, variables, named values, the result."""
    watch = _Watch(
        getattr(inspect.unwrap(fn), "__code__", None), frozenset([*inspect.signature(fn).parameters])
    )
    before = sys.gettrace()
    sys.settrace(watch)
    try:
        graph = trace(fn, *examples, **named)
    finally:
        sys.settrace(before)
    graph = _shared(graph, watch)
    return graph, _names(graph, watch, getattr(fn, "__name__", "result"))


class _Watch:
    """Marks what the variables of one function hold as soon as they are bound, as ``sd.name`` would."""

    def __init__(self, code: CodeType | None, inputs: frozenset[str]) -> None:
        self.place = None if code is None else (code.co_filename, code.co_firstlineno, code.co_name)
        self.inputs = inputs
        self.bound: dict[str, int] = {}
        self.leaves: dict[Node, str] = {}
        self.inner: dict[Node, str] = {}
        self.outermost: FrameType | None = None

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        is_other = (code.co_filename, code.co_firstlineno, code.co_name) != self.place
        if is_other or self._is_inside(frame):
            return self._within if is_own(frame) else None
        self.outermost, self.bound = frame, dict.fromkeys(self.inputs, 1)
        frame.f_trace_opcodes = True  # several statements may stand on one line
        return self._line

    def _is_inside(self, frame: FrameType) -> bool:
        """Whether the function has called itself."""
        below = frame.f_back
        while below is not None and self.outermost is not None:
            if below is self.outermost:
                return True
            below = below.f_back
        return False

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        for name, value in frame.f_locals.items():
            if not isinstance(value, Tensor) or value.recording is None:
                continue
            if _is_input(value):
                self.leaves.setdefault(value.own, name)
            elif not _is_marked(value):
                count = self.bound[name] = self.bound.get(name, 0) + 1
                label = name if count == 1 else f"{name}_{count}"
                value.own = value.recording.store.add(Named(label), (value.own,))
        return self._line

    def _within(self, frame: FrameType, event: str, argument: Any) -> Any:
        """The variables of a function that is called, and what it returns, in case their names are needed."""
        for name, value in frame.f_locals.items():
            self._note(name, value)
        if event == "return":
            self._note(frame.f_code.co_name, argument)
        return self._within

    def _note(self, name: str, value: Any) -> None:
        is_known = isinstance(value, Tensor) and value.recording is not None and not _is_marked(value)
        if is_known and name.isidentifier():
            self.inner.setdefault(value.own, name)


def _shared(graph: Graph, watch: _Watch) -> Graph:
    """A value that was used before it got its name, in a like expression, is used by its name: ``d = exp(q)``."""
    store = graph.store
    inside: dict[Node, Node] = {}
    for node in graph.nodes:
        if isinstance(store.op(node), Named):
            inside.setdefault(store.operands(node)[0], node)
    if not any(
        k in inside for n in graph.nodes if not isinstance(store.op(n), Named) for k in store.operands(n)
    ):
        return graph
    new: dict[Node, Node] = {}

    def used(node: Node, by: Node) -> Node:
        mark = inside.get(node)
        if mark is None or mark == by:
            return new[node]
        if mark not in new:
            new[mark] = store.add(store.op(mark), (new[node],))
        return new[mark]

    for node in graph.nodes:
        below = tuple(used(k, node) for k in store.operands(node))
        if node not in new:
            new[node] = node if below == store.operands(node) else store.add(store.op(node), below)
    watch.inner = {new.get(node, node): label for node, label in watch.inner.items()}
    outputs = tuple(used(node, node) for node in graph.outputs)
    return replace(graph, outputs=outputs, names={name: new[node] for name, node in graph.names.items()})


def _first(name: str, watch: _Watch) -> str:
    """``h_1`` for a variable that is bound again."""
    is_rebound = watch.bound.get(name, 0) > 1 and name not in watch.inputs
    return f"{name}_1" if is_rebound and f"{name}_1" not in watch.bound else name


def _without_clashes(labels: Mapping[Node, str], names: Mapping[Node, str]) -> dict[Node, str]:
    taken = Counter([*labels.values(), *(name for node, name in names.items() if node not in labels)])
    return {node: label for node, label in labels.items() if taken[label] == 1}


def _is_input(value: Tensor) -> bool:
    return not _is_unfinished(value) and isinstance(value.recording.store.op(value.own), Input)  # type: ignore[union-attr]


def _is_marked(value: Tensor) -> bool:
    marks = (Input, Literal, Table, Named)
    return _is_unfinished(value) or isinstance(value.recording.store.op(value.own), marks)  # type: ignore[union-attr]


def _is_unfinished(value: Tensor) -> bool:
    return value.pending is not None or value.assembly is not None


def _names(graph: Graph, watch: _Watch, result: str) -> dict[Node, str]:
    store = graph.store
    names = dict(zip(graph.inputs, graph.input_names, strict=True))
    names |= {node: _first(op.name, watch) for node in graph.nodes if isinstance(op := store.op(node), Named)}
    for labels in (leaf_labels(graph, watch.leaves), slice_labels(graph, names)):
        names |= _without_clashes(labels, names)
    unnamed = [node for node in graph.outputs if node not in names]
    for k, node in enumerate(unnamed):
        usual = "L" if store.shape(node) == () else "y"
        label = result if usual in names.values() else usual
        names[node] = label if len(unnamed) == 1 else f"{label}_{k + 1}"
    inner = promoted(graph, names, watch.inner)
    taken = {*names.values(), *inner.values()}
    return names | {node: _numbered(label, inner, taken) for node, label in inner.items()}


def _numbered(label: str, inner: Mapping[Node, str], taken: set[str]) -> str:
    """``c_1`` where another one is ``c_2``."""
    has_others = f"{label}_2" in inner.values() and f"{label}_1" not in taken
    return f"{label}_1" if has_others else label
