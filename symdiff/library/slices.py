"""Which curve shows an entry? A function of one number: the activation itself, or one coordinate with others fixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.arguments import chosen
from symdiff.checking.domains import ends
from symdiff.errors import InputError, explain
from symdiff.library.cases import Case
from symdiff.library.entries import Entry
from symdiff.library.lines import LINES
from symdiff.library.second_order import with_settings

Function = Callable[..., Any]
OTHERS = 2  # the size of every axis that is a letter


@dataclass(frozen=True)
class Slice:
    """A function of one number and what it shows; ``low`` and ``high`` bound the number where its domain does."""

    fn: Function
    label: str
    elementwise: bool
    low: float | None = None
    high: float | None = None
    window: tuple[float, float] | None = None


def slice_of(entry: Entry) -> Slice:
    """The function itself if it takes one array entry by entry, else the first entry of what it is derived by.

    >>> from symdiff.library import find
    >>> slice_of(find("tanh")).label, slice_of(find("softmax")).label
    ('tanh(x)', 'softmax(x)[0] by x[0], others 0')
    """
    case = _case(entry)
    fn = with_settings(entry.fn, case.settings)
    if is_elementwise(entry, case):
        return Slice(fn, f"{entry.name}({next(iter(case.inputs))})", True, *_interval(entry, case))
    line = LINES.get(entry.name)
    if line is not None and entry.kind == "loss" and set(case.inputs) == {*line.start, *line.held}:
        return Slice(line.of(fn), f"{entry.name} {line.says}", False, window=line.window)
    name = chosen(entry.wrt, list(case.inputs))[0]
    values = {n: _filled(n, shape, entry.domain.get(n), n == name) for n, shape in case.inputs.items()}
    base = values[name]
    unit: NDArray[Any] = np.zeros(base.shape)
    unit.flat[0] = 1.0
    spread = _spread(base, entry.domain.get(name))

    def along(t: Any) -> Any:
        out = fn(**{**values, name: base * (1 - unit) + unit * t + spread * (1 - t)})
        first = out[0] if isinstance(out, tuple) else out
        return first[(0,) * np.ndim(first)]

    along.__name__ = entry.name
    shown = f"{entry.name}({', '.join(case.inputs)}){'[0]' if entry.of == 'vjp' else ''}"
    rest = "the others share the rest" if spread.any() else f"others {base.flat[-1]:g}"
    at = "" if base.ndim == 0 else f"[{', '.join('0' * base.ndim)}]"
    return Slice(
        along, f"{shown} by {name}{at}{'' if base.size == 1 else ', ' + rest}", False, *_interval(entry, case)
    )


def is_elementwise(entry: Entry, case: Case) -> bool:
    """Whether the entry takes one array and treats each of its entries alone: an activation of one label."""
    return entry.kind == "activation" and list(case.inputs.values()) == ["n"]


def _case(entry: Entry) -> Case:
    texts = [case for case in entry.cases if all(isinstance(v, str) for v in case.inputs.values())]
    if not texts:
        facts: dict[str, object] = {"entry": entry.name}
        raise InputError(explain("a slice", facts, "Give a case whose shapes are text."))
    return min(texts, key=lambda case: len(case.inputs))


def _interval(entry: Entry, case: Case) -> tuple[float | None, float | None]:
    name = chosen(entry.wrt, list(case.inputs))[0]
    kind = entry.domain.get(name)
    if kind in ("simplex", "boolean", "one_hot"):
        return 0.0, 1.0
    if not isinstance(kind, tuple):
        return None, None
    low, high = ends(kind)
    return (None if low is None else float(low)), (None if high is None else float(high))


def _filled(name: str, shape: Any, kind: Any, moves: bool) -> NDArray[Any]:
    """Small numbers inside a domain."""
    sizes = [prod(int(n) if n.isdigit() else OTHERS for n in part.split("*")) for part in shape.split()]
    zeros: NDArray[Any] = np.zeros(sizes)
    if kind == "one_hot":
        zeros[..., 0] = 1.0
        return zeros
    if kind == "simplex":
        return zeros + 1 / max(1, sizes[-1])
    if kind == "integer":
        return zeros.astype(int)
    if kind in ("symmetric", "positive_definite"):
        return zeros + np.eye(sizes[-1])
    if isinstance(kind, tuple):
        low, high = ends(kind)
        if low is not None or high is not None:
            middle = (low + high) / 2 if None not in (low, high) else low + 1 if low is not None else high - 1
            return zeros + float(middle)
    return zeros if moves else zeros + (0.5 if kind is None and not name.startswith("y") else 0.0)


def _spread(base: NDArray[Any], kind: Any) -> NDArray[Any]:
    """Where a row sums to one, the other entries of the first row share what is left."""
    share: NDArray[Any] = np.zeros(base.shape)
    if kind == "simplex" and base.ndim and base.shape[-1] > 1:
        row = share.reshape(-1, base.shape[-1])[0]
        row[1:] = 1 / (base.shape[-1] - 1)
    return share
