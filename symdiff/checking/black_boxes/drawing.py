"""Which floats does a probe hold? Many probes are drawn together: the first axis counts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Interval = tuple[float | None, float | None]
_SPECIAL = np.array([0.0, 0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 1.0])
_AT_ENDS = np.array([0.0, 1.0, 0.25, 0.5, 0.75])
_GRID = 2.0**20  # parts of one that floats of every length add up without rounding
ALIKE = ("equal", "pairs")  # regimes in which the entries of one array know of each other
_REACH = {"wide": 4.0, "mixed": 4.0, "large": 64.0, "scales": 4096.0, "small": 2.0**-8}


def numbers(regime: str, count: int, shape: tuple[int, ...], interval: Interval, rng: Any) -> Array:
    """``count`` arrays of one regime, inside an interval; two regimes hold its ends."""
    low, high = interval
    if low is None and high is None:
        return np.asarray(_free(regime, (count, *shape), rng))
    part = _part(regime, (count, *shape), rng)
    if low is not None and high is not None:
        return np.asarray(np.where(part == 1, high, low + (high - low) * part))
    distance = part * _REACH.get(regime, 1.0)
    return np.asarray(low + distance if low is not None else (high or 0.0) - distance)


def _part(regime: str, shape: tuple[int, ...], rng: Any) -> Array:
    """How far into an interval the numbers lie."""
    match regime:
        case "special":
            return np.asarray(rng.choice(_AT_ENDS, shape))
        case "zeros":
            ends = rng.integers(0, 2, (shape[0], *(1 for _ in shape[1:])))
            return np.asarray(np.broadcast_to(ends, shape))
        case (
            "normal" | "spread" | "large" | "scales"
        ):  # a grid hides what a table of short numbers cannot tell
            return np.asarray(rng.uniform(1 / 64, 63 / 64, shape))
        case _:
            return np.asarray(rng.integers(1, 64, shape) / 64)


def by_regime(regimes: Sequence[str], draw: Callable[[str, int], Array], shape: tuple[int, ...]) -> Array:
    """One array for each regime of a list, those of one regime drawn together."""
    result = np.empty((len(regimes), *shape))
    for name in dict.fromkeys(regimes):
        rows = [k for k, regime in enumerate(regimes) if regime == name]
        result[rows] = draw(name, len(rows))
    return result


def _free(regime: str, shape: tuple[int, ...], rng: Any) -> Any:
    one = (shape[0], *(1 for _ in shape[1:]))
    match regime:
        case "mixed":
            return _sign(shape, rng) * rng.integers(1, 25, shape) / 8
        case "normal":
            return rng.normal(size=shape)
        case "special":
            return rng.choice(_SPECIAL, shape)
        case "zeros":
            return np.zeros(shape)
        case "equal":
            return np.broadcast_to(rng.integers(-16, 17, one) / 8, shape)
        case "pairs":
            first, second = rng.integers(-16, 17, (2, *one)) / 8
            return np.where(rng.integers(0, 2, shape), first, second)
        case "positive":
            return rng.integers(1, 33, shape) / 8
        case "wide":
            return _sign(shape, rng) * rng.integers(1, 41, shape) / 4
        case "spread":
            return rng.uniform(-10, 10, shape)
        case "large":
            return rng.uniform(-80, 80, shape)
        case _:
            return _scaled(regime, shape, rng)


def _scaled(regime: str, shape: tuple[int, ...], rng: Any) -> Any:
    part = rng.integers(1, 64, shape) / 64
    match regime:
        case "unit":
            return part
        case "inner":
            return _sign(shape, rng) * part
        case "scales":
            return _sign(shape, rng) * part * 2.0 ** rng.integers(-12, 16, shape)
        case "small":
            return _sign(shape, rng) * part * 2**-6
        case _:
            return _sign(shape, rng) * part * 2.0 ** int(regime[2:])


def _sign(shape: tuple[int, ...], rng: Any) -> Any:
    return 1.0 - 2.0 * rng.integers(0, 2, shape)


def members(name: str, count: int, shape: tuple[int, ...], rng: Any) -> Array:
    """``count`` arrays of a set that a domain names."""
    whole = (count, *shape)
    match name:
        case "boolean":
            return np.asarray(rng.integers(0, 2, whole))
        case "integer":
            return np.asarray(rng.integers(-4, 5, whole), dtype=float)
        case "one_hot":
            return np.asarray(np.eye(shape[-1])[rng.integers(0, shape[-1], whole[:-1])])
        case "simplex":
            weights = rng.integers(1, 10, whole)
            return _on_grid(weights / weights.sum(axis=-1, keepdims=True))
        case _:
            half = rng.integers(-8, 9, whole) / 4
            symmetric = half + half.swapaxes(-1, -2)
            if name == "symmetric":
                return np.asarray(symmetric)
            return np.asarray(symmetric @ symmetric.swapaxes(-1, -2) + np.eye(shape[-1]))


def _on_grid(rows: Array) -> Array:
    """Rows that sum to one exactly, unless they are too long for that."""
    moved = np.asarray(np.floor(rows * _GRID) / _GRID)
    if not moved.all():
        return rows
    moved[..., -1] += 1 - moved.sum(axis=-1)
    return moved


def indices(size: int, count: int, shape: tuple[int, ...], rng: Any) -> Array:
    """``count`` arrays of other indices of an axis, every second one with an index twice."""
    drawn = rng.integers(0, size, (count, *shape))
    flat = drawn.reshape(count, -1)
    if flat.shape[1] > 1:
        rows = np.arange(0, count, 2)
        flat[rows, rng.integers(1, flat.shape[1], len(rows))] = flat[rows, 0]
    return np.asarray(flat.reshape(drawn.shape))
