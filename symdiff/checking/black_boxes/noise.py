"""Is a difference beyond the bound rounding after all? Rounding jumps from float to float, a mistake is smooth."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from symdiff.checking.black_boxes.batches import Probe
from symdiff.checking.black_boxes.foreign import Foreign
from symdiff.checking.black_boxes.measures import ball, distance
from symdiff.checking.black_boxes.measuring import Gauge
from symdiff.evaluation.arithmetics import working_precision

Index: TypeAlias = tuple[int, ...]
_ABSORBED = 1e3  # roundings of an entry's usual size: what another algorithm adds and takes away again
_BITS = 160


def rounding_explains(
    gauge: Gauge, claim: Foreign, probe: Probe, target: int, index: Index, gap: float, dtype: np.dtype[Any]
) -> bool:
    """Whether the difference is noise: it jumps from float to float, and shrinks in a longer format.

    A mistake is a smooth function of the inputs; rounding errors jump when the inputs move a little. What is
    right in a longer format alone may be wrong in this one: another kernel was called.
    """
    if gap <= _absorbed(gauge, probe, target, index, dtype):
        return True
    longer = _gap_in_longer_format(gauge, claim, probe, target, index)
    if longer is not None and longer >= gap / 64:
        return False
    gaps = [_signed_gap(gauge, claim, n, target, index) for n in gauge.prober.neighbours(probe, dtype)]
    known = [g for g in gaps if g is not None]
    return len(known) > 2 and max(known) - min(known) > gap / 2


def _absorbed(gauge: Gauge, probe: Probe, target: int, index: Index, dtype: np.dtype[Any]) -> float:
    """What is lost where a small result is the difference of ordinary numbers, as ``a*s*(1 - s)`` for s near 1."""
    value, _ = gauge.bounds(probe, target, dtype)
    reals = [np.abs(v) for v in map(np.asarray, probe.values.values()) if v.dtype.kind == "f" and v.size]
    largest = max((float(np.max(v)) for v in reals), default=1.0)
    size = max(abs(float(value[index])), float(np.broadcast_to(gauge.usual[target], value.shape)[index]))
    return _ABSORBED * float(np.finfo(dtype).eps) * size * max(1.0, largest)


def _gap_in_longer_format(
    gauge: Gauge, claim: Foreign, probe: Probe, target: int, index: Index
) -> float | None:
    if np.finfo(np.longdouble).eps >= np.finfo(float).eps:
        return None
    longer = [_lengthened(probe.values[n]) for n in gauge.truth.inputs]
    answer = claim(longer)
    if answer.error is not None or answer.arrays[target].dtype != np.longdouble:
        return None
    exact = gauge.certify(probe, target, index, np.zeros(answer.arrays[target].shape))
    if exact is None:
        return None
    with working_precision(_BITS):
        given = answer.arrays[target][index]
        return distance(exact.exact, given) if np.isfinite(given) else None


def _signed_gap(gauge: Gauge, claim: Foreign, probe: Probe, target: int, index: Index) -> float | None:
    answer = claim([probe.values[n] for n in gauge.truth.inputs])
    if answer.error is not None:
        return None
    claimed = answer.arrays[target]
    exact = gauge.certify(probe, target, index, claimed)
    if exact is None:
        value, _ = gauge.bounds(probe, target, np.dtype(float))
        return float(claimed[index]) - float(value[index])
    with working_precision(_BITS):
        number = Fraction(exact.claimed) if math.isfinite(exact.claimed) else None
        return None if number is None else float((ball(exact.exact, number) - exact.exact).mid())


def _lengthened(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.longdouble)
    return np.longdouble(value) if isinstance(value, (float, np.floating)) else value
