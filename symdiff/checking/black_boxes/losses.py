"""Where did rounding take a claim's digits at the caller's example? Told, and a mistake where hardly any is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.measuring import Array, Gauge, blur, coarser
from symdiff.checking.black_boxes.probing import Probe, probe_dtype

_LOST = 1e-6  # of an entry: of fewer lost digits nothing is said
_MOST = 0.01  # of the largest entry: hardly a digit is left
_ALL = 0.1  # of an entry: not one digit is left
_FLAT = 8  # roundings of the usual size: what lies below has no digits to lose


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

    The loss is total where it is seen in the size that the entries usually have, where hardly a digit of the
    largest entry is left, or no digit of any; what lies below a few roundings of the usual size has none to lose.
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
    most, usual, unit = float(np.max(np.abs(exact))), gauge.scale(target, exact), float(np.finfo(dtype).eps)
    seen = float(np.max(gap)) > blur(unit) * usual
    hardly = float(np.max(gap)) > _MOST * most and most > _FLAT * unit * usual
    none = bool(np.any((part > _ALL) & (np.abs(exact) > 4 * _FLAT * unit * usual)))
    total = seen or hardly or none
    return Loss(index, float(given[index]), float(exact[index]), total)
