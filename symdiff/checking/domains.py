"""Does a domain make sense? Known names, intervals with two ends, sets that fit, examples inside."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symdiff.errors import InputError, explain
from symdiff.ir import literals

Interval: TypeAlias = tuple[Any, Any]
Domain: TypeAlias = Mapping[str, str | Interval]

NAMES = ("one_hot", "simplex", "symmetric", "positive_definite", "boolean", "integer")
_SQUARE = ("symmetric", "positive_definite")
_ROWS = ("one_hot", "simplex")
_CLOSE = 1e-6  # a sum or a symmetry in floats
_ROUNDINGS = 8  # of the largest entry


def check_sets(domain: Domain) -> None:
    """Reject intervals and names of sets that make no sense."""
    for name, kind in domain.items():
        call = _call(name, kind)
        if isinstance(kind, tuple) and len(kind) == 2:
            _require_interval(call, kind)
        elif not isinstance(kind, str) or kind not in NAMES:
            facts: dict[str, object] = {"known": ", ".join(NAMES) + ", (low, high)"}
            raise InputError(explain(call, facts, "Use an interval or one of these names."))


def check_domain(domain: Domain, examples: Mapping[str, Any]) -> None:
    """Reject unknown names of inputs, sets that do not fit the shape, examples outside their domain.

    ``examples`` maps the name of each input to an array or a number, or to its shape string.
    """
    for name, kind in domain.items():
        if name not in examples:
            facts: dict[str, object] = {"inputs": ", ".join(examples)}
            raise InputError(explain(f"domain={{{name!r}: ...}}", facts, "Use the name of an input."))
        if not isinstance(examples[name], str):
            _require_inside(_call(name, kind), name, kind, np.asarray(examples[name]))


def _call(name: str, kind: Any) -> str:
    return f"domain={{{name!r}: {kind!r}}}"


def ends(interval: Interval) -> tuple[Any, Any]:
    """The two ends of an interval, None where it is open: infinity is no number.

    >>> ends((0, np.inf)), ends((None, 1))
    ((0, None), (None, 1))
    """
    low, high = (None if _is_number(end) and math.isinf(end) else end for end in interval)
    return low, high


def exact_ends(interval: Interval) -> tuple[Fraction | None, Fraction | None]:
    """The two ends as the numbers that were meant, None where there is none. A finite end belongs to its interval.

    >>> exact_ends((0.1, None))
    (Fraction(1, 10), None)
    """
    low, high = map(_exactly, ends(interval))
    return low, high


def _exactly(end: Any) -> Fraction | None:
    if end is None or not isinstance(end, (float, np.floating)):
        return None if end is None else Fraction(int(end) if isinstance(end, np.integer) else end)
    meant = literals.read(end)
    return Fraction(int(meant.p), int(meant.q)) if meant.is_Rational else Fraction(float(end))


def normal(domain: Domain) -> Domain:
    """The same domain with None where an interval goes to infinity."""
    return {
        name: ends(kind) if isinstance(kind, tuple) and len(kind) == 2 else kind
        for name, kind in domain.items()
    }


def _is_number(end: Any) -> bool:
    return isinstance(end, (Real, np.floating, np.integer)) and not isinstance(end, (bool, np.bool_))


def _require_interval(call: str, interval: Interval) -> None:
    for place, end in zip(("low", "high"), interval, strict=True):
        if end is not None and not (_is_number(end) and not math.isnan(end)):
            facts: dict[str, object] = {place: repr(end)}
            raise InputError(explain(call, facts, "Give numbers; None where the interval is open."))
    low, high = interval
    if low == math.inf or high == -math.inf or (low is not None and high is not None and not low < high):
        facts = {"low": low, "high": high}
        raise InputError(explain(call, facts, "Let the lower end be below the upper one."))


def _require_inside(call: str, name: str, kind: str | Interval, example: NDArray[Any]) -> None:
    shape: dict[str, object] = {name: f"shape {example.shape}"}
    if kind in _SQUARE and not (example.ndim >= 2 and example.shape[-1] == example.shape[-2]):
        raise InputError(explain(call, shape, "Use it for square matrices."))
    if kind in _ROWS and not example.ndim:
        raise InputError(explain(call, shape, "Use it for vectors, or for arrays whose last axis is one."))
    for place in _outside(kind, example):
        where: object = place or "the number itself"
        facts: dict[str, object] = {"argument": name, "position": where, "value": example[place]}
        raise InputError(explain(call, facts, "Give an example inside its domain, or a wider domain."))


def _outside(kind: str | Interval, example: NDArray[Any]) -> Iterator[tuple[int, ...]]:
    """The places at which an example is outside a set."""
    inside = _inside(kind, example)
    for place in np.argwhere(~np.asarray(inside)):
        yield tuple(map(int, place))


def holds(kind: str | Interval, example: NDArray[Any]) -> bool:
    """Whether an example is in a set, up to the rounding of its floats."""
    return bool(np.all(_inside(kind, example)))


def _inside(kind: str | Interval, x: NDArray[Any]) -> Any:
    if isinstance(kind, tuple):
        low, high = ends(kind)
        above = np.full(x.shape, True) if low is None else x >= low
        return above if high is None else above & (x <= high)
    x = x.astype(int) if x.dtype.kind == "b" else x
    few = _ROUNDINGS * float(np.finfo(x.dtype).eps) if x.dtype.kind == "f" else 0.0
    close = _CLOSE if x.dtype.kind == "f" else 0.0
    if kind in ("boolean", "integer", "one_hot"):
        whole = np.round(x)
        near = np.abs(x - whole) <= few * np.maximum(1, np.abs(whole))
        if kind == "integer":
            return near
        near = near & ((whole == 0) | (whole == 1))
        return near if kind == "boolean" else near & (whole.sum(axis=-1, keepdims=True) == 1)
    if kind == "simplex":
        length = x.shape[-1]
        return (x >= -few) & (np.abs(x.sum(axis=-1, keepdims=True) - 1) <= max(close, few * length))
    flipped = np.swapaxes(x, -1, -2)
    largest = np.max(np.abs(x), axis=(-1, -2), keepdims=True, initial=0)
    allowed = np.maximum(close * (np.abs(x) + np.abs(flipped)), few * x.shape[-1] * largest)
    symmetric = np.abs(x - flipped) <= allowed
    if kind == "symmetric" or not symmetric.all():
        return symmetric
    least = np.linalg.eigvalsh(x.astype(float))[..., 0]
    return np.broadcast_to((least > 0)[..., None, None], x.shape)
