"""Is a claim's float among the limits of the derivative where a comparison is tied? Far from all it is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.batches import Batch, Probe, probe_dtype
from symdiff.checking.black_boxes.keeping import NOTHING_KEPT
from symdiff.checking.black_boxes.measures import Certified
from symdiff.checking.black_boxes.measuring import OUTSIDE, Gauge, coarser
from symdiff.checking.black_boxes.probing import OWN, TIE
from symdiff.checking.comparing import Comparison
from symdiff.checking.comparing import values as balls_of
from symdiff.checking.effort import work
from symdiff.checking.kinks.standing import compare_on_kink
from symdiff.checking.kinks.thresholds import exactly_on, thresholds
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.checking.sampling import is_inside
from symdiff.evaluation.arithmetics import working_precision
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.ir.ops import Input

Array = NDArray[Any]
_MOST_WORK = 5_000
_THRESHOLDS = 4
_POINTS = 3
_BITS = 128
_STEP = 2.0**-24
_NEAR = 1e-5  # a smooth derivative moves less within such a step
_STEPS = (2.0**-12, 2.0**-16, 2.0**-20)


class Ties:
    """The points of a question at which its derivative may jump, and what a claim may say there."""

    def __init__(self, gauge: Gauge, options: Options) -> None:
        self.gauge, self.options = gauge, options
        self.store = gauge.store
        self._latest: tuple[tuple[int, ...], list[list[Array]]] | None = None
        self.is_affordable = work(self.store, gauge.outputs) <= _MOST_WORK

    def probes(self) -> list[Probe]:
        """Points exactly on the comparisons of the function, where they can be found and floats can hold them."""
        return self.gauge.shelf.get("on ties", self._found)

    def _found(self) -> list[Probe]:
        forward = self.gauge.question.forward
        if not self.is_affordable or not self.gauge.kinks:
            return []
        base = self.gauge.prober.moderate().probes[0].point
        movable = [n for n in forward.inputs if self.store.kind(n) == "real"]
        found: list[Probe] = []
        for threshold in thresholds(self.store, forward.outputs)[:_THRESHOLDS]:
            for point in islice(exactly_on(self.store, threshold, base, movable), _POINTS):
                if is_inside(self.gauge.truth, point, self.options.domain, base):
                    found.append(replace(self.gauge.prober.at(point), regime=TIE))
        return found

    def are_limits(self, batch: Batch, target: int, claimed: Array) -> NDArray[np.bool_]:
        """At which probes the claim has the values of the derivative a short step away: those are limits."""
        found = np.zeros(len(claimed), dtype=bool)
        if self.options.convention is not None:
            return found
        usual = float(np.max(self.gauge.usual[target], initial=0.0))
        for values in self._values_beside(batch):
            with np.errstate(all="ignore"):
                gap = np.abs(values[target] - claimed).reshape(len(claimed), -1).max(axis=1, initial=0.0)
                size = np.abs(values[target]).reshape(len(claimed), -1).max(axis=1, initial=0.0)
            found |= gap <= _NEAR * np.maximum(size, usual)
        return found

    def _values_beside(self, batch: Batch) -> list[list[Array]]:
        """The derivatives a short step away in some directions; kept for the other targets."""
        key = tuple(map(id, batch.probes))
        if self._latest is None or self._latest[0] != key:
            is_opened = batch.whole is not None and batch.whole is self.gauge.opening
            shelf, name = self.gauge.shelf if is_opened else NOTHING_KEPT, ("beside", repr(batch.rows))
            self._latest = key, shelf.get(name, lambda: self._moved(batch))
        return self._latest[1]

    def _moved(self, batch: Batch) -> list[list[Array]]:
        rng, count = np.random.default_rng(0), len(batch.probes)
        arrays = {}
        for node, value in batch.arrays.items():
            turn = np.ones((3, *value.shape))
            turn[1], turn[2] = -1.0, rng.choice([-1.0, 1.0], value.shape)
            step = _STEP * turn * rng.uniform(0.5, 1, turn.shape)
            is_real = value.dtype.kind == "f"
            moved = value.astype(float) + step if is_real else np.broadcast_to(value, turn.shape)
            arrays[node] = moved.reshape(-1, *value.shape[1:])
        values, _ = self.gauge.bounds_over(Batch([*batch.probes] * 3, arrays), np.dtype(float))
        return [[v[k * count : (k + 1) * count] for v in values] for k in range(3)]

    def wrong_at(self, probe: Probe, target: int, claimed: Array) -> tuple[tuple[int, ...], Certified] | None:
        """The entry at which a claim is no derivative, with the nearest value that would be one.

        A claim without a value is excused but at the caller's own example.
        """
        if not self.is_special(probe, target):
            return None
        found = self._compare(probe, target, claimed)
        if found is None or found.outcome not in ("differ", "differ on a kink", "claim undefined"):
            return None
        given = float(claimed[found.index])
        if not math.isfinite(given):
            return found.index, Certified(found.exact, given, math.inf)
        gap = abs(given - float(found.exact.mid()))
        limit = self._limit(probe, target, coarser(probe_dtype(probe), claimed.dtype))[found.index]
        return (found.index, Certified(found.exact, given, gap)) if gap > OUTSIDE * limit else None

    def is_special(self, probe: Probe, target: int) -> bool:
        """Whether a comparison of the function is exactly tied at a probe, or the derivative's form has no value."""
        if not self.is_affordable:
            return False
        value, _ = self.gauge.bounds(probe, target, np.dtype(float))
        if not np.all(np.isfinite(value)):
            return True
        shelf = self.gauge.shelf if probe.regime == OWN else NOTHING_KEPT
        return shelf.get("own on kink", lambda: self._is_on_kink(probe))

    def _is_on_kink(self, probe: Probe) -> bool:
        return bool(self.gauge.kinks) and is_on_kink(self.store, self.gauge.kinks, probe.point)

    def _compare(self, probe: Probe, target: int, claimed: Array) -> Comparison | None:
        """With the limits from all sides; with a convention there is one value on a kink too."""
        defined = np.isfinite(claimed.astype(float))
        number, one = self._leaves[target]
        exact = Probe({0: np.where(defined, claimed, 0).astype(claimed.dtype)}, TIE).point[0]
        known = {number: exact, one: Probe({0: defined.astype(float)}, TIE).point[0]}
        point = {**probe.point, **known}
        if self.options.convention is None:
            return compare_on_kink(self._question, target, point, excused=probe.regime != OWN)
        with working_precision(_BITS):
            pair = balls_of(self.store, [self.gauge.outputs[target], number], point)
        for index in np.ndindex(claimed.shape):
            if pair is None or not defined.all():
                return None
            truth: Any = pair[0][index]
            given: Any = pair[1][index]
            if truth.is_finite() and abs(float((given - truth).mid())) > 1e-3 * (1 + abs(float(truth.mid()))):
                return Comparison("differ on a kink", index, given, truth)
        return None

    @cached_property
    def _leaves(self) -> list[tuple[Node, Node]]:
        """Leaves that stand for what the claim returned: its number, and 1, or 0 where it is no number."""
        shapes = [self.store.shape(node) for node in self.gauge.outputs]
        return [
            (self.store.add(Input(f"claimed[{k}]", s)), self.store.add(Input(f"defined[{k}]", s)))
            for k, s in enumerate(shapes)
        ]

    @cached_property
    def _question(self) -> Question:
        """The question with a claim that has the values of the leaves, and none where those have none."""
        store = self.store
        claims = []
        for number, one in self._leaves:
            pole = alg.divide(store, one, alg.multiply(store, one, one))
            nothing = alg.subtract(store, pole, alg.constant(store, 1, store.shape(one)))
            claims.append(alg.add(store, number, nothing))
        return replace(self.gauge.question, claimed=tuple(claims))

    def _limit(self, probe: Probe, target: int, dtype: np.dtype[Any]) -> Array:
        """What rounding explains nearby, where no comparison is tied."""
        _, limits = self.gauge.bounds_over(Batch.of(*self._beside(probe)), dtype)
        return np.asarray(np.max(np.where(np.isfinite(limits[target]), limits[target], 0.0), axis=0))

    def _beside(self, probe: Probe) -> Iterator[Probe]:
        rng = np.random.default_rng(0)
        for step in _STEPS:
            moved = {}
            for node, value in probe.values.items():
                is_real = np.asarray(value).dtype.kind == "f"
                moved[node] = value + step * rng.uniform(0.5, 1, np.shape(value)) if is_real else value
            yield Probe(moved, TIE)
