"""How does a derived graph go on inside another trace? Its nodes are rebuilt on the traced arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symdiff.doors.lifting import lift
from symdiff.doors.recording import Recording, current
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import BOOL, FLOAT, INT
from symdiff.ir.graph import Graph
from symdiff.ir.merging import merge

_DTYPES: dict[str, np.dtype[Any]] = {"real": FLOAT, "integer": INT, "boolean": BOOL}


def recording_of(values: Sequence[Any]) -> Recording | None:
    """Where traced values are recorded; None if there are only numbers."""
    for value in values:
        if isinstance(value, Tensor):
            return value.recording or current.get()
    return None


def inline(graph: Graph, recording: Recording, values: Sequence[Any]) -> list[Tensor]:
    """The outputs of a graph on values, of which some are traced; so ``grad(grad(f))`` is one graph."""
    inputs = dict(zip(graph.inputs, (lift(recording, value) for value in values), strict=True))
    place = merge(graph, recording.store, inputs)
    return [Tensor(recording, place[k], _DTYPES[graph.store.kind(k)]) for k in graph.outputs]
