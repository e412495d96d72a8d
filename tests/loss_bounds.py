"""How far may a loss be from its value in double precision? A running error analysis of its graph.

``accuracy.bound`` is Higham's gamma_n for any order of the sums. In each dtype a peer, and the loss itself, may differ
from the loss in double precision by what rounding can do in that dtype, plus that of double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import symdiff as sd
from symdiff.checking.black_boxes.accuracy import bound
from symdiff.library import Entry

Function = Callable[..., Any]
DTYPES = ("float64", "float32")
TWICE = 2  # a peer's formula is another than the entry's: it may round as often again


def cast(value: Any, dtype: str) -> Any:
    array = np.asarray(value)
    if not array.ndim:
        return value
    return array.astype(dtype) if array.dtype.kind == "f" else array


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def limits(fn: Function, inputs: Mapping[str, Any], dtype: str) -> list[tuple[Any, Any]]:
    """Each output in double precision, and how far an evaluation in ``dtype`` may be from it."""
    graph = sd.trace(fn, **inputs)
    values = {
        node: np.asarray(inputs[name]) for name, node in zip(graph.input_names, graph.inputs, strict=True)
    }
    exact, single = bound(graph.store, graph.outputs, values, dtype)
    double = bound(graph.store, graph.outputs, values, "float64")[1]
    return [(value, TWICE * a + b) for value, a, b in zip(exact, single, double, strict=True)]


def assert_within(label: str, found: Any, wanted: list[tuple[Any, Any]]) -> None:
    for k, (value, (exact, limit)) in enumerate(zip(listed(found), wanted, strict=True)):
        assert np.shape(value) == np.shape(exact), f"{label}[{k}]"
        assert np.all(np.isfinite(limit)), f"{label}[{k}]: no bound"
        off = np.abs(np.asarray(value, dtype=float) - exact)
        assert np.all(off <= limit), (
            f"{label}[{k}] is off by {off.max():.3g}, at most {np.max(limit):.3g} expected"
        )


def moved(entry: Entry, inputs: Mapping[str, Any]) -> list[str]:
    wrt = entry.wrt if isinstance(entry.wrt, (tuple, list)) else [entry.wrt]
    return [list(inputs)[w] if isinstance(w, int) else w for w in wrt]


def gradient_by_hand(entry: Entry, reduction: str) -> Function:
    of = "vjp" if reduction == "none" else "gradient"
    return next(c.claim for c in entry.claims if c.order == 1 and c.of == of and c.wrt == entry.wrt)
