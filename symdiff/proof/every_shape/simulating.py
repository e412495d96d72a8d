"""Which nodes may be equal? Those whose floats agree at one random point of small, distinct sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from symdiff.errors import SymdiffError
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.concrete import at_sizes
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Input
from symdiff.ir.sizes import Shape, symbols_of

_FIRST = 2
_TOLERANCE, _NOISE = 1e-7, 1e-9

Floats = NDArray[np.float64]


def simulate(store: Store, nodes: Sequence[Node], facts: Mapping[str, object]) -> dict[Node, Floats]:
    """The values of some nodes at one point; those that are not finite everywhere are left out."""
    inputs = [n for n in store.ancestors(nodes) if isinstance(store.op(n), Input)]
    symbols = sorted({s for n in nodes for s in symbols_of(store.shape(n))}, key=str)
    sizes = {s: _FIRST + k % 3 for k, s in enumerate(symbols)}
    concrete = at_sizes(Graph(store, tuple(inputs), tuple(nodes)), sizes)
    random = np.random.default_rng(7)
    values = [_sample(random, concrete.shape(n), concrete.store.kind(n)) for n in concrete.inputs]
    try:
        with np.errstate(all="ignore"):
            found = compile_kernel(concrete).flat(values)
    except (SymdiffError, ValueError, IndexError, TypeError, FloatingPointError):
        return {}
    arrays = {node: np.asarray(value, dtype=np.float64) for node, value in zip(nodes, found, strict=True)}
    return {node: value for node, value in arrays.items() if np.all(np.isfinite(value))}


def _sample(random: np.random.Generator, shape: Shape, kind: str) -> NDArray[np.generic]:
    lengths = tuple(int(size) for size in shape)
    if kind == "real":
        return np.asarray(random.uniform(0.25, 1.75, lengths) * random.choice([-1, 1], lengths))
    return np.asarray(random.integers(0, 2, lengths).astype(bool if kind == "boolean" else np.int64))


def agree(one: Floats, other: Floats) -> bool:
    """Whether two arrays are equal up to rounding: small ones too, for rounding alone does not agree twice."""
    scale = _scale(one, other)
    return scale > 0 and _distance(one, other) <= _TOLERANCE * scale


def differ(one: Floats, other: Floats) -> bool:
    """Whether two arrays are different, beyond rounding."""
    scale = _scale(one, other)
    return scale > _NOISE and _distance(one, other) > _TOLERANCE * scale


def _scale(one: Floats, other: Floats) -> float:
    return max(float(np.max(np.abs(x), initial=0)) for x in (one, other))


def _distance(one: Floats, other: Floats) -> float:
    return float(np.max(np.abs(one - other), initial=0)) if one.shape == other.shape else float("inf")
