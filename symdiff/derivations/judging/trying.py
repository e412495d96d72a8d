"""Do the derivatives of a derivation that is too large to check fit differences of the function itself? In floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symdiff.errors import SymdiffError, explain
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Graph, Node

_STEPS = (1e-4, 1e-5, 1e-3, 1e-6)
_CLOSE = 1e-2  # a wrong rule is off by more; a kink that a step passes over, by less


def tried(name: str, graph: Graph, slopes: Mapping[str, Node], inputs: Mapping[str, Any]) -> None:
    """Raise SymdiffError where the derivatives along a random direction are no slope of the function.

    ``slopes`` are the derivatives by some inputs; inputs of the graph that are not given are cotangents.
    """
    rng = np.random.default_rng(0)
    nodes = dict(zip(graph.input_names, graph.inputs, strict=True))
    values = {k: inputs[k] if k in inputs else rng.normal(size=graph.shape(n)) for k, n in nodes.items()}
    whole = compile_kernel(replace(graph, outputs=(graph.outputs[0], *slopes.values()), results=None))
    weight = next((values[k] for k in nodes if k not in inputs), 1.0)
    direction = {k: rng.normal(size=np.shape(values[k])) for k in slopes}

    def value(step: float) -> float:
        moved = {k: v + step * direction[k] if k in direction else v for k, v in values.items()}
        return float(np.sum(np.asarray(whole.flat(list(moved.values()))[0]) * weight))

    with np.errstate(all="ignore"):
        found = whole.flat(list(values.values()))[1:]
        told = float(sum(np.sum(g * direction[k]) for k, g in zip(slopes, found, strict=True)))
        measured = [(value(h) - value(-h)) / (2 * h) for h in _STEPS]
    if not np.isfinite([told, *measured]).all() or _fits(told, measured):
        return
    facts: dict[str, object] = {"along a direction": f"{told:.6g}", "measured": f"{measured[0]:.6g}"}
    raise SymdiffError(explain(f"explain({name})", facts, "A rule is broken: report this function."))


def _fits(told: float, measured: Sequence[float]) -> bool:
    spread = max(measured) - min(measured)
    return any(abs(told - m) <= _CLOSE * (abs(told) + abs(m)) + spread for m in measured)
