"""Which quantities has the claim's own code a name for? The arrays that its variables hold when it returns."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

import numpy as np

from symdiff.checking.questions import Question, trace_claim
from symdiff.doors.traced import Traced
from symdiff.errors import SymdiffError
from symdiff.ir.graph import Node
from symdiff.ir.merging import merge
from symdiff.ir.ops import Contract, Input, Literal, Table

_TAKEN = re.compile(r"_.*|yours|t\d+|where")


def local_names(question: Question) -> Mapping[Node, str]:
    """The claim's own names by node; it is traced once more, so that only refuted claims pay for it."""
    known: Mapping[Node, str] | None = question.__dict__.get("local names")
    if known is None:
        known = _found(question) if question.claimed is not None else {}
        question.__dict__["local names"] = known
    return known


def _found(question: Question) -> dict[Node, str]:
    code = getattr(inspect.unwrap(question.claim), "__code__", None)
    if (
        code is None or sys.getprofile() is not None
    ):  # somebody measures: a second profile would end the first
        return {}
    held: dict[str, Node] = {}
    try:
        with _watching(code, held):
            graph, given = trace_claim(question)
        nodes = merge(graph.with_outputs(list(held.values())), question.truth.store, given)
    except Exception:  # foreign code, which was traced before; without its names nothing is lost
        return {}
    store = question.truth.store
    names: dict[Node, str] = {}
    inputs = {op.name for n in question.truth.inputs if isinstance(op := store.op(n), Input)}
    for name, own in held.items():
        node = nodes.get(own)
        if node is None or name in inputs or _TAKEN.fullmatch(name) or callable(getattr(np, name, None)):
            continue
        op = store.op(node)
        is_plain = isinstance(op, (Input, Literal, Table)) or (isinstance(op, Contract) and not op.inputs)
        if not is_plain and node not in (question.claimed or ()):
            names.setdefault(node, name)
    return names


@contextmanager
def _watching(code: CodeType, held: dict[str, Node]) -> Iterator[None]:
    """Keep what the variables of a function hold whenever it returns."""
    place = (code.co_filename, code.co_firstlineno, code.co_name)

    def look(frame: FrameType, event: str, _: Any) -> None:
        own = frame.f_code
        if event == "return" and (own.co_filename, own.co_firstlineno, own.co_name) == place:
            held.clear()
            held.update(_nodes(frame.f_locals))

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)


def _nodes(variables: Mapping[str, Any]) -> Iterator[tuple[str, Node]]:
    for name, value in variables.items():
        if isinstance(value, Traced) and value.recording is not None:
            try:
                yield name, value.node(value.recording)
            except SymdiffError:
                continue
