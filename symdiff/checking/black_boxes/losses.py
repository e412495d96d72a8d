"""Where did rounding take a claim's digits at the caller's example? Told, and a mistake where hardly any is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.batches import Probe, probe_dtype
from symdiff.checking.black_boxes.measuring import Array, Gauge, coarser
from symdiff.checking.floats import EXCUSED, LOST, TINY, sensitivity

_LOST = 1e-6  # of an entry: of fewer lost digits nothing is said


@dataclass(frozen=True)
class Loss:
    """Digits that rounding took from one entry at the caller's example: what was claimed, and the exact number."""

    index: tuple[int, ...] = ()
    claimed: float = 0.0
    exact: float = 0.0
    is_total: bool = False


NO_LOSS = Loss()


def loss(gauge: Gauge, probe: Probe, target: int, claimed: Array) -> Loss:
    """Where a claim lost digits at the caller's example, also where the derived bound is too wide to judge.

    The loss is total where a few digits are left at most, and rounding the inputs once more would have left more.
    """
    dtype = coarser(probe_dtype(probe), claimed.dtype)
    given = claimed.astype(float)
    value, limit = gauge.bounds(probe, target, dtype)
    with np.errstate(all="ignore"):
        suspicious = ~(np.abs(given - value) <= _LOST * np.abs(value)) | (limit > _LOST * np.abs(value))
    balls = gauge.exact_values(probe) if suspicious.any() and np.isfinite(given).all() else None
    if balls is None:
        return NO_LOSS
    entries = list(balls[target].ravel())  # a derivative that may be 0 has no digits
    known: NDArray[np.bool_] = np.array([b.is_finite() and not b.contains(0) for b in entries], dtype=bool)
    exact = np.array([float(ball.mid()) for ball in entries])
    exact = np.where(known & np.isfinite(exact), exact, 0.0).reshape(given.shape)
    with np.errstate(all="ignore"):
        gap = np.where(exact != 0, np.abs(given - exact), 0.0)
        part = np.where(exact != 0, gap / np.abs(exact), 0.0)
    index = tuple(int(k) for k in np.unravel_index(int(np.argmax(part)), part.shape))
    if part[index] <= _LOST:
        return NO_LOSS
    name = "float32" if dtype.itemsize == 4 else "float64"
    heavy = (part > LOST[name]) & (np.abs(exact) > TINY[name])
    total = False
    if heavy.any():
        moved = sensitivity(gauge.question, target, probe.point, balls[target], name).reshape(given.shape)
        worst = heavy & (gap > EXCUSED * moved)
        total = bool(worst.any())
        if total:
            index = tuple(int(k) for k in np.argwhere(worst)[0])
    return Loss(index, float(given[index]), float(exact[index]), total)
