"""How far is a claim's float from the truth, and can rounding explain it? Bounds first, then balls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.accuracy import Analysis
from symdiff.checking.black_boxes.foreign import Foreign
from symdiff.checking.black_boxes.probing import FAR, OWN, Probe, Prober
from symdiff.checking.comparing import values as balls_of
from symdiff.checking.effort import work
from symdiff.checking.kinks import is_on_kink
from symdiff.checking.questions import Question
from symdiff.errors import NotCompilable
from symdiff.evaluation.arithmetics import working_precision
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Node

Array = NDArray[Any]

WITHIN = 8.0  # another algorithm may round this many times as much as the bound of ours says
OUTSIDE = 64.0  # beyond this no algorithm of comparable cost is blamed on rounding without a test
_AFFORDABLE = 400_000  # scalar operations in ball arithmetic, about a second
_NARROW = 0.1  # of the largest entry: a bound that is wider judges nothing
_BITS = 160


@dataclass(frozen=True)
class Measure:
    """One target at one probe: the largest difference in units of the bound, and where it is.

    ``judged`` marks the entries whose bound is narrow enough to mean something.
    """

    ratio: float
    ulps: float
    index: tuple[int, ...]
    judged: NDArray[np.bool_]
    undefined: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Certified:
    """The ball of one entry, the claim's float, and their distance."""

    exact: Any
    claimed: float
    gap: float


class Gauge:
    """The truth of one question in floats, in bounds and in balls.

    ``usual`` is the median size of each entry at moderate probes. One rounding of that size is allowed: other
    algorithms pass through it (``s*(1 - s)`` is 0 where the logistic function is flat to the last digit).
    """

    def __init__(self, question: Question, prober: Prober) -> None:
        self.question, self.truth, self.prober = question, question.truth, prober
        self.store, self.outputs = question.truth.store, question.truth.outputs
        self._analyses: dict[tuple[np.dtype[Any], int], Analysis] = {}
        self._kernel = compile_kernel(self.truth)
        self._trusted: bool | None = None
        self.usual: list[Array] = [np.zeros(()) for _ in self.outputs]
        moderate = [self.floats(probe) for probe in prober.moderate()]
        self.usual = [_median_size([values[k] for values in moderate]) for k in range(len(self.outputs))]

    def floats(self, probe: Probe) -> list[Array]:
        """The true values from the compiled kernel; node by node where the kernel fails its own bound."""
        given = [probe.values[n] for n in self.truth.inputs]
        if self._trusted is None:
            self._trusted = self._is_within_its_bound(probe, given)
        if self._trusted:
            with np.errstate(all="ignore"):
                return [np.asarray(v) for v in self._kernel.flat(given)]
        return [self.bounds(probe, k, np.dtype(float))[0] for k in range(len(self.outputs))]

    def _is_within_its_bound(self, probe: Probe, given: Sequence[Any]) -> bool:
        try:
            with np.errstate(all="ignore"):
                computed = [np.asarray(v) for v in self._kernel.flat(given)]
        except (TypeError, ValueError, NotCompilable):
            return False
        for k, value in enumerate(computed):
            near, limit = self.bounds(probe, k, value.dtype if value.dtype.kind == "f" else np.dtype(float))
            if value.shape != near.shape or np.any(np.abs(value - near) > WITHIN * limit):
                return False
        return True

    def bounds(self, probe: Probe, target: int, dtype: np.dtype[Any]) -> tuple[Array, Array]:
        """Values and derived bounds of one target; at least one rounding of the result is allowed."""
        key = (dtype, target)
        if key not in self._analyses:
            self._analyses[key] = Analysis(self.store, [self.outputs[target]], dtype)
        (value,), (limit,) = self._analyses[key].at(probe.values)
        info = np.finfo(dtype)
        least = float(info.eps) / 2 * np.fmax(np.abs(value), self.usual[target]) + float(info.tiny)
        return value, np.maximum(limit, least)

    def measure(self, probe: Probe, target: int, claimed: Array, near: Array) -> Measure:
        """Compare with one rounding of the result, the least that a bound can be; then with the bound."""
        dtype = coarser(near.dtype, claimed.dtype)
        value, given = near.astype(float), claimed.astype(float)
        info = np.finfo(dtype)
        least = float(info.eps) / 2 * np.abs(value) + float(info.tiny)
        with np.errstate(all="ignore"):
            off = np.abs(given - value)
            ulps = float(np.max(np.where(np.isfinite(off), off / least, 0.0), initial=0.0)) / 2
            if np.all(np.isfinite(off)) and 2 * ulps <= 1:
                return Measure(2 * ulps, ulps, (), np.ones(value.shape, dtype=bool))
            value, limit = self.bounds(probe, target, dtype)
            usable = (
                np.isfinite(value) & np.isfinite(limit) & ((probe.regime not in FAR) | np.isfinite(given))
            )
            undefined = ~np.isfinite(given)
            if (
                probe.regime != OWN
            ):  # far away from the caller's inputs, what our own program overflows too is excused
                undefined &= np.isfinite(near) & (probe.regime not in FAR)
            ratio = np.where(usable & ~undefined, np.abs(given - value) / limit, 0.0)
            scale = np.max(np.where(usable, np.fmax(np.abs(value), self.usual[target]), 0.0), initial=0.0)
            size = np.fmax(np.abs(value), self.usual[target])
            size = np.where(size > 0, size, scale)
            judged = usable & (OUTSIDE * limit <= np.maximum(_NARROW * scale, float(info.tiny) * 2 * OUTSIDE))
            sane = np.where(judged & (size > 0), off / (float(info.eps) * size), 0.0)
            ulps = float(np.max(sane, initial=0.0))
        place = tuple(int(k) for k in np.unravel_index(np.argmax(ratio), ratio.shape)) if ratio.size else ()
        bad = tuple(int(k) for k in np.argwhere(undefined)[0]) if undefined.any() else None
        return Measure(float(np.max(ratio, initial=0.0)), ulps, place, judged, bad)

    def is_affordable(self, target: int) -> bool:
        """Whether ball arithmetic of this target takes about a second at most."""
        return work(self.store, [self.outputs[target]]) <= _AFFORDABLE

    def certify(self, probe: Probe, target: int, index: tuple[int, ...], claimed: Array) -> Certified | None:
        """The ball of one entry at the exact inputs; None on a kink, at a pole, or when too dear."""
        if not self.is_affordable(target):
            return None
        point = probe.point
        if self.kinks and is_on_kink(self.store, self.kinks, point):
            return None
        with working_precision(_BITS):
            found = balls_of(self.store, [self.outputs[target]], point)
            if found is None or not found[0][index].is_finite():
                return None
            given = float(claimed[index])
            if not math.isfinite(given):
                largest = float(np.finfo(coarser(claimed.dtype, claimed.dtype)).max)
                representable = abs(found[0][index]) < largest
                return Certified(found[0][index], given, math.inf) if representable else None
            return Certified(found[0][index], given, _distance(found[0][index], given))

    @cached_property
    def kinks(self) -> list[Node]:
        """The comparisons that are not tied everywhere: a maximum of zeros makes no point a kink."""
        ordinary = [probe.point for probe in islice(self.prober.moderate(), 2)]
        return [n for n in self.question.kinks if not all(is_on_kink(self.store, [n], p) for p in ordinary)]

    def rounding_explains(
        self, claim: Foreign, probe: Probe, target: int, index: tuple[int, ...], gap: float
    ) -> bool:
        """Whether the difference is noise: it shrinks in a longer format, or jumps from float to float.

        A mistake is a smooth function of the inputs; rounding errors jump when the inputs move a little.
        """
        longer = self._gap_in_longer_format(claim, probe, target, index)
        if longer is not None:
            return longer < gap / 64
        gaps = [self._signed_gap(claim, n, target, index) for n in self.prober.neighbours(probe)]
        known = [g for g in gaps if g is not None]
        return len(known) > 2 and max(known) - min(known) > gap / 2

    def _gap_in_longer_format(
        self, claim: Foreign, probe: Probe, target: int, index: tuple[int, ...]
    ) -> float | None:
        if np.finfo(np.longdouble).eps >= np.finfo(float).eps:
            return None
        longer = [_lengthened(probe.values[n]) for n in self.truth.inputs]
        answer = claim(longer)
        if answer.error is not None or answer.arrays[target].dtype != np.longdouble:
            return None
        exact = self.certify(probe, target, index, np.zeros(answer.arrays[target].shape))
        if exact is None:
            return None
        with working_precision(_BITS):
            given = answer.arrays[target][index]
            return _distance(exact.exact, given) if np.isfinite(given) else None

    def _signed_gap(self, claim: Foreign, probe: Probe, target: int, index: tuple[int, ...]) -> float | None:
        answer = claim([probe.values[n] for n in self.truth.inputs])
        if answer.error is not None:
            return None
        claimed = answer.arrays[target]
        exact = self.certify(probe, target, index, claimed)
        if exact is None:
            value, _ = self.bounds(probe, target, np.dtype(float))
            return float(claimed[index]) - float(value[index])
        with working_precision(_BITS):
            number = Fraction(exact.claimed) if math.isfinite(exact.claimed) else None
            return None if number is None else float((_ball(exact.exact, number) - exact.exact).mid())


def _median_size(values: Sequence[Array]) -> Array:
    """The median of absolute values over several probes; undefined entries count as zero."""
    sizes = np.abs(np.array([np.asarray(v, dtype=float) for v in values]))
    return np.asarray(np.median(np.where(np.isfinite(sizes), sizes, 0.0), axis=0))


def coarser(left: np.dtype[Any], right: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype with the fewer digits; whole numbers have all digits."""
    floats = [d for d in (left, right) if d.kind == "f" and d.itemsize <= 8]
    return max(floats, key=lambda d: float(np.finfo(d).eps)) if floats else np.dtype(float)


def _ball(like: Any, number: Fraction) -> Any:
    return type(like)(number.numerator) / number.denominator


def _distance(exact: Any, given: Any) -> float:
    number = Fraction(*given.as_integer_ratio())
    return float(abs(exact - _ball(exact, number)).upper())


def _lengthened(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.longdouble)
    return np.longdouble(value) if isinstance(value, (float, np.floating)) else value
