"""How far is a claim's float from the truth, and can rounding explain it? Bounds first, then balls."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.accuracy import Analysis
from symdiff.checking.black_boxes.batches import Batch, Probe, probe_dtype
from symdiff.checking.black_boxes.keeping import NOTHING_KEPT, Shelf
from symdiff.checking.black_boxes.measures import Certified, Measure, distance
from symdiff.checking.black_boxes.probing import ORDINARY, OWN, Prober
from symdiff.checking.comparing import values as balls_of
from symdiff.checking.effort import work
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.questions import Question
from symdiff.errors import NotCompilable
from symdiff.evaluation.arithmetics import working_precision
from symdiff.evaluation.kernels import Kernel
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Node
from symdiff.ir.sizes import concrete

Array = NDArray[Any]
Bounds: TypeAlias = tuple[list[Array], list[Array]]

WITHIN = 8.0  # another algorithm may round this many times as much as the bound of ours says
OUTSIDE = 64.0  # beyond this no algorithm of comparable cost is blamed on rounding without a test
_AFFORDABLE = 50_000  # scalar operations in ball arithmetic, some tenths of a second
_QUICK = 20_000  # of them, some tens of milliseconds
_NARROW = 0.1  # of the largest entry: a bound that is wider judges nothing
_BITS = 160
_LEAST = float(np.finfo(float).tiny)
_PART = 1e-3  # of that error: so much sharper must exact numbers be
_ZEROS = 3  # probes at which a derivative must be 0 to be called 0
_SLIGHT = 1e-9  # the error at ordinary numbers of what is called 0
_FEW = 8  # of larger arrays fewer probes fit into memory together, and the compiled kernel pays


class Gauge:
    """The truth of one question in floats, in bounds and in balls.

    ``usual`` is the median size of each entry at moderate probes. One rounding of that size is allowed: other
    algorithms pass through it (``s*(1 - s)`` is 0 where the logistic function is flat to the last digit).
    """

    def __init__(
        self, question: Question, prober: Prober, opening: Batch | None = None, shelf: Shelf = NOTHING_KEPT
    ) -> None:
        self.shelf = shelf
        self.question, self.truth, self.prober, self.opening = question, question.truth, prober, opening
        self.store, self.outputs = question.truth.store, question.truth.outputs
        self._analyses: dict[np.dtype[Any], Analysis] = {}
        self._known: deque[tuple[Batch, np.dtype[Any], Bounds]] = deque(
            maxlen=1 if prober.at_once < _FEW else 6
        )
        self._opened: dict[np.dtype[Any], Bounds] = {}
        self.is_large = prober.at_once < _FEW
        self.vanishing: set[int] = set()  # the derivatives that are 0 everywhere, by sums that cancel
        self.overflows: Probe | None = None
        self.usual: list[Array] = [np.zeros(()) for _ in self.outputs]
        if self.is_large:
            rows = [self.floats(probe) for probe in prober.moderate().probes]
            self.usual = [_median_size([row[k] for row in rows]) for k in range(len(self.outputs))]
        else:
            self.usual, self.vanishing = shelf.get("usual", self._sizes)

    def _sizes(self) -> tuple[list[Array], set[int]]:
        """The usual size of each entry, and which derivatives are 0."""
        values, errors = self._raw(self.opening or self.prober.moderate(), np.dtype(float))
        self.usual = [_median_size(value[:ORDINARY]) for value in values]
        for k, error in enumerate(errors):
            self._settle_zero(k, _median_size(error[:ORDINARY]))
        return self.usual, self.vanishing

    def _raw(self, batch: Batch, dtype: np.dtype[Any]) -> Bounds:
        """Values and errors from the analysis; those of the opening are kept."""
        if batch is not self.opening:
            return self._analysed(batch, dtype)
        return self.shelf.get(("opening", dtype), lambda: self._analysed(batch, dtype))

    def _settle_zero(self, target: int, error: Array) -> None:
        """The usual size of a derivative that is 0 is that of the numbers that cancel in it."""
        is_noise = error.size and np.all(self.usual[target] <= WITHIN * error) and np.any(error > 0)
        if not is_noise or np.max(error) > _SLIGHT:
            return
        for probe in self.prober.moderate().probes[:_ZEROS]:
            balls = self.exact_values(probe)
            most = _PART * float(np.max(error))
            if balls is None or not all(b.contains(0) and b.rad() < most for b in balls[target].ravel()):
                return
        self.vanishing.add(target)
        self.usual[target] = error / float(np.finfo(float).eps)

    def floats(self, probe: Probe) -> list[Array]:
        """The true values from the compiled kernel; node by node where the kernel fails its own bound."""
        given = [probe.values[n] for n in self.truth.inputs]
        if self._is_trusted:
            with np.errstate(all="ignore"):
                return [np.asarray(v) for v in self._kernel.flat(given)]
        return [self.bounds(probe, k, np.dtype(float))[0] for k in range(len(self.outputs))]

    @cached_property
    def _kernel(self) -> Kernel:
        return compile_kernel(self.truth)

    @cached_property
    def _is_trusted(self) -> bool:
        """Whether the compiled kernel is within its own bound at an ordinary point."""
        probe = self.prober.moderate().probes[0]
        with np.errstate(all="ignore"):
            try:
                computed = [np.asarray(v) for v in self._kernel.flat([*probe.values.values()])]
            except (TypeError, ValueError, NotCompilable):
                return False
            for k, value in enumerate(computed):
                near, limit = self.bounds(
                    probe, k, value.dtype if value.dtype.kind == "f" else np.dtype(float)
                )
                if value.shape != near.shape or np.any(np.abs(value - near) > WITHIN * limit):
                    return False
        return True

    def bounds(self, probe: Probe, target: int, dtype: np.dtype[Any]) -> tuple[Array, Array]:
        """Values and derived bounds of one target at one probe."""
        opened = [(self.opening, known, found) for known, found in self._opened.items() if self.opening]
        for batch, known, (values, limits) in (*opened, *self._known):
            if known == dtype and any(probe is p for p in batch.probes):
                row = next(k for k, p in enumerate(batch.probes) if p is probe)
                return values[target][row, ...], limits[target][row, ...]
        values, limits = self.bounds_over(Batch.of(probe), dtype)
        return values[target][0, ...], limits[target][0, ...]

    def bounds_over(self, batch: Batch, dtype: np.dtype[Any]) -> Bounds:
        """Values and derived bounds of all targets; at least one rounding of the result is allowed."""
        if batch.whole is not None:
            values, limits = self.bounds_over(batch.whole, dtype)
            return [value[batch.rows] for value in values], [limit[batch.rows] for limit in limits]
        if batch is self.opening:
            if dtype not in self._opened:
                self._opened[dtype] = self._allowed(*self._raw(batch, dtype), dtype)
            return self._opened[dtype]
        for known in self._known:
            if known[0] is batch and known[1] == dtype:
                return known[2]
        found = self._allowed(*self._analysed(batch, dtype), dtype)
        self._known.append((batch, dtype, found))
        return found

    def _analysed(self, batch: Batch, dtype: np.dtype[Any]) -> Bounds:
        if dtype not in self._analyses:
            self._analyses[dtype] = Analysis(self.store, self.outputs, dtype, rounds_inputs=True)
        return self._analyses[dtype].over(batch.arrays, len(batch.probes))

    def _allowed(self, values: list[Array], errors: list[Array], dtype: np.dtype[Any]) -> Bounds:
        """The bounds, with at least one rounding of the result, or of its usual size."""
        info = np.finfo(dtype)
        with np.errstate(all="ignore"):
            pairs = zip(errors, values, self.usual, strict=True)
            sizes = [(error, np.fmax(np.abs(value), usual)) for error, value, usual in pairs]
            least = float(info.eps) / 2
            return values, [np.maximum(error, least * size + float(info.tiny)) for error, size in sizes]

    def measure(self, batch: Batch, target: int, claimed: Array) -> Measure:
        """Compare with the bound; of large arrays first with one rounding of the result, the least it can be."""
        dtype = coarser(probe_dtype(batch.probes[0]), claimed.dtype)
        given = claimed.astype(float, copy=False)
        with np.errstate(all="ignore"):
            quick = self._at_a_glance(batch, target, given, dtype) if self.is_large else None
            if quick is not None:
                return quick
            values, limits = self.bounds_over(batch, dtype)
            value, limit = values[target], limits[target]
            defined = np.isfinite(given)
            undefined = self._undefined(batch, target, defined)
            is_far = (
                _column([self.prober.is_far(p) for p in batch.probes], value) if not defined.all() else False
            )
            usable = np.isfinite(value) & np.isfinite(limit) & defined
            off = np.abs(given - value)
            ratio = np.where(usable, off / limit, 0.0)
            judged, ulps = self._judged(target, value, limit, off, usable | (~defined & ~is_far), dtype)
        rows = ratio.reshape(len(ratio), -1)
        place = np.argmax(rows, axis=1) if rows.size else np.zeros(len(rows), dtype=int)
        return Measure(np.max(rows, axis=1, initial=0.0), ulps, place, judged, undefined)

    def _judged(
        self, target: int, value: Array, limit: Array, off: Array, usable: Array, dtype: np.dtype[Any]
    ) -> tuple[NDArray[np.bool_], Array]:
        """Where the bound is narrow enough, and the largest difference there in units in the last place."""
        info = np.finfo(dtype)
        usable = usable & np.isfinite(value) & np.isfinite(limit)
        size = np.where(usable, np.fmax(np.abs(value), self.usual[target]), 0.0)
        scale = np.max(size, axis=tuple(range(1, size.ndim)), keepdims=True, initial=0.0)
        judged = usable & (OUTSIDE * limit <= np.maximum(_NARROW * scale, float(info.tiny) * 2 * OUTSIDE))
        unit = float(info.eps) * np.where(size > 0, size, scale)
        ulps = np.where(judged & (unit > 0) & np.isfinite(off), off / unit, 0.0)
        return judged, np.max(ulps.reshape(len(ulps), -1), axis=1, initial=0.0)

    def _undefined(self, batch: Batch, target: int, defined: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where the claim is no number; far from the caller's inputs and at the ends of a domain that is excused."""
        result = ~defined
        for row in np.flatnonzero(result.reshape(len(result), -1).any(axis=1)).tolist():
            probe = batch.probes[row]
            if probe.regime == OWN:
                continue
            if self.prober.is_at_end(probe):
                result[row] = False
            elif self.prober.is_far(probe):
                result[row] = False
                self.overflows = self.overflows or probe
            else:
                result[row] &= np.isfinite(self.floats(probe)[target])
        return result

    def _at_a_glance(self, batch: Batch, target: int, given: Array, dtype: np.dtype[Any]) -> Measure | None:
        """The answer where no entry differs by more than one rounding of itself."""
        value = np.stack([self.floats(probe)[target] for probe in batch.probes]).astype(float)
        info = np.finfo(dtype)
        off = np.abs(given - value) / (float(info.eps) / 2 * np.abs(value) + float(info.tiny))
        if not np.all(off <= 1):
            return None
        ratio = np.max(off.reshape(len(off), -1), axis=1, initial=0.0)
        nothing = np.zeros(value.shape, dtype=bool)
        return Measure(ratio, ratio / 2, np.zeros(len(off), dtype=int), ~nothing, nothing)

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
            return Certified(found[0][index], given, distance(found[0][index], given))

    @cached_property
    def kinks(self) -> list[Node]:
        """The comparisons that are not tied everywhere: a maximum of zeros makes no point a kink."""
        tied = self.shelf.get("tied", self._tied)
        return [n for n, is_tied in zip(self.question.kinks, tied, strict=True) if not is_tied]

    def _tied(self) -> list[bool]:
        ordinary = [probe.point for probe in self.prober.moderate().probes[:2]]
        return [all(is_on_kink(self.store, [n], p) for p in ordinary) for n in self.question.kinks]

    def exact_values(self, probe: Probe) -> list[Any] | None:
        """The derivatives at a probe in balls; None on a kink, at a pole or where that is dear."""
        point = probe.point
        if work(self.store, self.outputs) > _QUICK or (
            self.kinks and is_on_kink(self.store, self.kinks, point)
        ):
            return None
        with working_precision(_BITS):
            return balls_of(self.store, self.outputs, point)

    def scale(self, target: int, value: Array) -> float:
        """The size of the largest entry, there or usually."""
        found = np.abs(value[np.isfinite(value)])
        return max(float(np.max(found, initial=0.0)), float(np.max(self.usual[target], initial=0.0)), _LEAST)

    def shape(self, target: int) -> tuple[int, ...]:
        """The shape that the claim must have."""
        return concrete(self.truth.shape(self.outputs[target]), "truth")


def _median_size(values: Any) -> Array:
    """The median of absolute values over several probes; undefined entries count as zero."""
    sizes = np.abs(np.asarray(values, dtype=float))
    return np.asarray(np.median(np.where(np.isfinite(sizes), sizes, 0.0), axis=0))


def _column(flags: Sequence[bool], like: Array) -> NDArray[np.bool_]:
    """One flag for each probe, in a shape that meets the arrays."""
    return np.array(flags).reshape(-1, *(1 for _ in like.shape[1:]))


def blur(unit: float) -> float:
    """The part of an array that rounding may hide before nothing is decided."""
    return 1e-6 if unit < 1e-12 else 1e-2


def coarser(left: np.dtype[Any], right: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype with the fewer digits; whole numbers have all digits."""
    floats = [d for d in (left, right) if d.kind == "f" and d.itemsize <= 8]
    return max(floats, key=lambda d: float(np.finfo(d).eps)) if floats else np.dtype(float)
