"""Would these probes have seen a mistake? Some are planted in the reference, and those caught are counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.calculus import pull_back
from symdiff.checking.black_boxes.accuracy import Analysis
from symdiff.checking.black_boxes.batches import Batch
from symdiff.checking.black_boxes.keeping import NOTHING_KEPT
from symdiff.checking.black_boxes.measuring import OUTSIDE, Gauge
from symdiff.checking.black_boxes.probing import MODERATE, OWN
from symdiff.checking.comparing import values as balls_of
from symdiff.checking.effort import work
from symdiff.evaluation.arithmetics import working_precision
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.verdicts import Blindness

Array = NDArray[Any]

_MOST_PATHS = 8
_MOST_WORK = 300_000
_MOST_EXACT = 5_000
_BITS = 96
_TINY = 1e-290  # above the smallest bound there is
_SUBTLE = {np.dtype(np.float64): 1e-6}
_COARSE = 1e-3


class Planting:
    """Mistakes planted in the derivative of one question, at the probes at which the claim was called."""

    def __init__(self, gauge: Gauge, batches: Sequence[Batch], dtypes: Sequence[np.dtype[Any]]) -> None:
        self.gauge, self.batches, self.dtypes = gauge, batches, dtypes
        self._kept: dict[int, dict[int, list[Array | None]]] = {}

    def blindness(self, target: int, never: Sequence[str]) -> Blindness:
        """How many mistakes lie outside the bounds at one of the probes; more probes are asked until all do."""
        caught: dict[int, bool] = {}
        dubious: dict[int, int] = {}
        for number, batch in enumerate(self.batches):
            if caught and all(caught.values()):
                break
            value, limit = self._truth(batch, target)
            for k, (wrong, path) in enumerate(self._wrong(number, target, value, limit)):
                with np.errstate(all="ignore"):
                    off = np.abs(wrong - value)
                    seen = bool(np.any(off > limit))
                    if seen or (path is None and np.any(off > 0)):
                        caught[k] = caught.get(k, False) or seen
                    elif path is not None:
                        dubious[k] = path
        for k in [k for k, path in dubious.items() if k not in caught and self._is_mistake(target, path)]:
            caught[k] = False  # no probe showed it, and yet it is one
        return Blindness(sum(caught.values()), len(caught), (*self._warnings(target), *never))

    def sees_a_factor(self, target: int) -> bool:
        """Whether a factor of one plus a little would be seen, where there is anything to multiply."""
        anything = False
        for batch in self.batches:
            value, limit = self._truth(batch, target)
            size = self.gauge.usual[target] if target in self.gauge.vanishing else np.abs(value)
            with np.errstate(all="ignore"):
                if np.any(self.subtle(target) * size > limit):
                    return True
            anything = anything or bool(np.any(value))
        return not anything

    def subtle(self, target: int) -> float:
        """The relative mistake that is planted; a coarser dtype sees less."""
        return _SUBTLE.get(self.dtypes[target], _COARSE)

    def _truth(self, batch: Batch, target: int) -> tuple[Array, Array]:
        values, limits = self.gauge.bounds_over(batch, self.dtypes[target])
        return values[target].astype(float, copy=False), OUTSIDE * limits[target]

    def _wrong(
        self, number: int, target: int, value: Array, limit: Array
    ) -> Iterator[tuple[Array, int | None]]:
        """Wrong derivatives at all probes of a batch; a path where a difference could be rounding alone."""
        if target not in self.gauge.vanishing:  # nothing times 2 is no mistake
            yield from ((wrong, None) for wrong in self._relative(target, value, limit))
        for path, without in self._without(number).items():
            wrong = without[target]
            if wrong is not None:
                yield wrong, path

    def _relative(self, target: int, value: Array, limit: Array) -> Iterator[Array]:
        """Derivatives that are wrong by a factor, in all entries or in one, or transposed."""
        little, shape = self.subtle(target), value.shape[1:]
        yield -value
        yield value * (1 + little)
        yield np.zeros_like(value)
        if value.size:
            place = (slice(None), *_hardest(value, limit))
            for factor in (-1.0, 1 + little, 0.0):
                yield _changed(value, place, factor)
        if len(shape) > 1 and shape[-1] == shape[-2] > 1 and not _is_symmetric(value):
            yield value.swapaxes(-1, -2)

    # Missing paths ------------------------------------------------------------------------------------------

    @cached_property
    def _paths(self) -> list[list[Node]]:
        """The derivatives without what flows through one edge, where several paths meet."""
        question = self.gauge.question
        forward, truth = question.forward, question.truth
        store = truth.store
        if question.of not in ("gradient", "vjp") or work(store, truth.outputs) > _MOST_WORK:
            return []
        targets = [forward.node(name) for name in question.targets]
        ones = {forward.outputs[0]: alg.constant(store, 1)} if question.of == "gradient" else {}
        seeds = ones or dict(zip(forward.outputs, truth.inputs[len(forward.inputs) :], strict=True))
        edges = _meetings(self.gauge, targets)[:_MOST_PATHS]
        return [pull_back(store, seeds, targets, blocked=frozenset([edge])) for edge in edges]

    def _without(self, number: int) -> dict[int, list[Array | None]]:
        """The derivatives at the probes of a batch without one path, where they need it; kept for other claims."""
        if number not in self._kept:
            batch, shelf = self.batches[number], self.gauge.shelf
            is_opened = batch.whole is not None and batch.whole is self.gauge.opening
            name = ("without", repr(batch.rows))
            self._kept[number] = (shelf if is_opened else NOTHING_KEPT).get(
                name, lambda: self._evaluated(batch)
            )
        return self._kept[number]

    def _is_mistake(self, target: int, path: int) -> bool:
        """Whether a path that no probe missed brings anything: what shifts a softmax does not."""
        return self.gauge.shelf.get(("brings", target, path), lambda: self._brings(target, path))

    def _brings(self, target: int, path: int) -> bool:
        truth, without, exact = self.gauge.outputs[target], self._paths[path][target], self._exact
        pairs = zip(exact[truth].ravel(), exact[without].ravel(), strict=True) if without in exact else ()
        return not all(a.overlaps(b) for a, b in pairs)

    @cached_property
    def _exact(self) -> dict[Node, Any]:
        """The derivatives with and without each path at an ordinary probe, in balls; nothing where that is dear."""
        nodes = list(dict.fromkeys([*self.gauge.outputs, *(n for found in self._paths for n in found)]))
        probe = next((p for batch in self.batches for p in batch.probes if p.regime in MODERATE), None)
        if probe is None or work(self.gauge.store, nodes) > _MOST_EXACT:
            return {}
        with working_precision(_BITS):
            return dict(zip(nodes, balls_of(self.gauge.store, nodes, probe.point) or (), strict=False))

    def _evaluated(self, batch: Batch) -> dict[int, list[Array | None]]:
        nodes = [node for found in self._paths for node in found]
        analysis = Analysis(self.gauge.store, nodes, np.dtype(float))
        values = iter(analysis.over(batch.arrays, len(batch.probes))[0] if nodes else ())
        truth = self.gauge.outputs
        return {
            path: [
                value if node != own else None for node, own, value in zip(found, truth, values, strict=False)
            ]
            for path, found in enumerate(self._paths)
        }

    # What the probes cannot show ----------------------------------------------------------------------------

    def hidden(self, target: int) -> int:
        """How many entries are below the bounds at every probe, and yet not 0."""
        unseen = ~self._seen(target)
        if not unseen.any():
            return 0
        probe = next((p for batch in self.batches for p in batch.probes if p.regime in MODERATE), None)
        balls = self.gauge.exact_values(probe) if probe is not None else None
        if balls is None:
            return 0
        zero = [ball.is_finite() and ball.contains(0) for ball in balls[target].ravel()]
        return int(np.sum(unseen & ~np.array(zero, dtype=bool).reshape(unseen.shape)))

    def _seen(self, target: int) -> NDArray[np.bool_]:
        """The entries that are larger than the bound at some probe; those that are 0 by their form count as seen."""
        found: NDArray[np.bool_] = np.zeros(self.gauge.shape(target), dtype=bool)
        blurred = found.copy()
        for batch in self.batches:
            value, limit = self._truth(batch, target)
            with np.errstate(all="ignore"):
                found = found | (np.abs(value) > limit).any(axis=0)
                blurred = blurred | ((value != 0) | (limit > _TINY)).any(axis=0)
            if found.all():
                break
        return found | ~blurred

    def _warnings(self, target: int) -> Iterator[str]:
        yield from self._examples()
        seen, name = self._seen(target), self.gauge.question.targets[target]
        if seen.all():
            return
        hidden = self.hidden(target)
        if hidden:
            yield f"{hidden} of {seen.size} entries by {name} are below the tolerance at every probe"
        elif not seen.any():
            yield f"the derivative by {name} is 0 at every probe: a claim that returns 0 looks right"

    def _examples(self) -> Iterator[str]:
        """What the caller's own example cannot show."""
        probes = [probe for batch in self.batches for probe in batch.probes]
        own = next((probe for probe in probes if probe.regime == OWN), None)
        if own is None:
            return
        added = self.gauge.truth.inputs[len(self.gauge.question.forward.inputs) :]
        pairs = zip(self.gauge.truth.input_names, own.values.items(), strict=True)
        for name, (node, value) in pairs:
            array = np.asarray(value)
            if array.dtype.kind == "f" and array.size > 1 and node not in added:
                yield from _blind(name, array)


def _blind(name: str, array: Array) -> Iterator[str]:
    if not array.any():
        yield f"your example {name} is all zeros"
    elif np.all(array == 1):
        yield f"your example {name} is all ones"
    elif np.all(array == array.flat[0]):
        yield f"your example {name} has equal entries"
    elif array.ndim == 2 and array.shape[0] == array.shape[1] and np.array_equal(array, array.T):
        yield f"your example {name} is symmetric: it cannot tell a matrix from its transpose"


def _hardest(value: Array, limit: Array) -> tuple[int, ...]:
    """The entry of which the smallest relative change is seen last."""
    with np.errstate(all="ignore"):
        blur = np.where(value != 0, limit / np.abs(value), np.inf)
    least = np.min(np.nan_to_num(blur, nan=np.inf, posinf=np.inf), axis=0)
    flat = int(np.argmax(np.where(np.isfinite(least), least, -1.0)))
    return tuple(int(k) for k in np.unravel_index(flat, least.shape))


def _is_symmetric(value: Array) -> bool:
    """Whether a mistaken transpose would be no mistake, as for a Hessian."""
    return bool(np.allclose(value, value.swapaxes(-1, -2), rtol=1e-9, atol=0, equal_nan=True))


def _changed(value: Array, place: Any, factor: float) -> Array:
    result = value.copy()
    with np.errstate(invalid="ignore"):
        result[place] *= factor
    return result


def _meetings(gauge: Gauge, wrt: Sequence[Node]) -> list[tuple[Node, int]]:
    """The edges into nodes to which one argument comes in several ways: there a path is easily forgotten."""
    store, found = gauge.store, []
    moved_by = {x: {x} for x in wrt}
    for node in store.ancestors(gauge.question.forward.outputs):
        slots = [moved_by.get(operand, set()) for operand in store.operands(node)]
        own = set().union(*slots)
        if own and store.kind(node) == "real":
            moved_by[node] = moved_by.get(node, set()) | own
        for slot, movers in enumerate(slots):
            others = set().union(*(s for k, s in enumerate(slots) if k != slot))
            if movers & others:
                found.append((node, slot))
    return found
