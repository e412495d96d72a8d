"""At which floats is a black box looked at? The caller's example, then several regimes inside the domain."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.indices import drawn, index_sizes
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, leaf_values
from symdiff.checking.sampling import Point, exactly, points
from symdiff.evaluation.exact import as_objects
from symdiff.ir.graph import Node
from symdiff.ir.ops import Input
from symdiff.ir.sizes import concrete

Array = NDArray[Any]

OWN = "the caller's example"
MODERATE = ("mixed", "normal", "positive", "inner", "wide", "unit", "spread", "small", "large")
TIED = ("special", "equal", "pairs", "zeros")  # where kinks and removable poles are
FAR = (
    "scales",
    "2^-20",
    "2^7",
    "2^10",
)  # where other algorithms may overflow; tried when a branch was never taken
REGIMES = (*MODERATE[:2], *TIED, *MODERATE[2:], "scales")
_NEIGHBOURS = 9
_ENTRIES = 20_000
_SPECIAL = np.array([0.0, 0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 1.0])


@dataclass(frozen=True)
class Probe:
    """One value for each input of the truth, as the claim receives it, and how it was found."""

    values: dict[Node, Any]
    regime: str

    @property
    def point(self) -> Point:
        """The exact binary numbers that the floats are."""
        return {node: _exactly(value) for node, value in self.values.items()}


def _exactly(value: Any) -> NDArray[np.object_]:
    result = np.empty(np.shape(value), dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = exactly(np.asarray(value)[place])
    return result


def probe_dtype(probe: Probe) -> np.dtype[Any]:
    """The dtype of a probe's floats."""
    floats = [np.asarray(v).dtype for v in probe.values.values() if np.asarray(v).dtype.kind == "f"]
    return np.result_type(*floats) if floats else np.dtype(float)


class Prober:
    """Makes probes for one question; the same seed makes the same ones."""

    def __init__(self, question: Question, options: Options) -> None:
        self.question, self.options = question, options
        self.truth = question.truth
        self.examples = dict(zip(question.forward.inputs, leaf_values(question), strict=True))
        self.dtype = _common_dtype(self.examples.values(), options.dtype)
        self.rng = np.random.default_rng(options.seed)
        named = tuple(n for n in self.truth.inputs if not self._is_free(n) and not self._is_held(n))
        self.sets = points(replace(self.truth, inputs=named), self.examples, options.domain, options.seed)
        self.sizes = index_sizes(question.forward)
        self.draws = random.Random(options.seed)
        self.boxes = {n: self._range(n) for n in self.truth.inputs}

    @property
    def is_small(self) -> bool:
        """Whether the entries of all inputs can be handled one by one."""
        return sum(int(np.prod(self.truth.shape(n))) for n in self.truth.inputs) <= _ENTRIES

    def own(self) -> Probe:
        """The caller's example, with a random cotangent or direction where one is needed."""
        drawn = self._drawn("mixed")
        values = {n: self._like(n, self.examples[n]) if n in self.examples else drawn[n] for n in drawn}
        return Probe(values, OWN)

    def generated(self) -> Iterator[Probe]:
        """An endless stream through the regimes."""
        while True:
            for regime in REGIMES:
                yield Probe(self._drawn(regime), regime)

    def moderate(self) -> Iterator[Probe]:
        """A few ordinary points, from a stream of their own."""
        own = Prober(self.question, self.options)
        for regime in ("mixed", "normal", "positive", "inner", "unit", "mixed", "normal", "inner", "wide"):
            yield Probe(own._drawn(regime), regime)

    def neighbours(self, probe: Probe) -> Iterator[Probe]:
        """The same point with its free inputs moved a little: by some ulps, up to a few digits."""
        least = float(np.log2(np.finfo(probe_dtype(probe)).eps))
        for exponent in np.linspace(least + 2, 0.35 * least, _NEIGHBOURS):
            moved = {n: self._nudged(n, v, 2.0**exponent) for n, v in probe.values.items()}
            yield Probe(moved, "neighbour")

    def _nudged(self, node: Node, value: Any, step: float) -> Any:
        if not self._is_free(node) or self._is_held(node):
            return value
        part = 1 + step * self.rng.uniform(-1, 1, np.shape(value))
        return self._like(node, np.asarray(value, dtype=float) * part)

    def far(self, magnitudes: Sequence[float]) -> Iterator[Probe]:
        """Very small and very large numbers, and numbers beyond some magnitudes."""
        beyond = tuple(f"2^{int(np.ceil(np.log2(size))) + 1}" for size in magnitudes)
        for regime in (*FAR, *beyond) * 4:
            yield Probe(self._drawn(regime), regime)

    def at(self, point: Point) -> Probe:
        """An exact point as floats of the right dtypes."""
        return Probe({n: self._like(n, np.asarray(v, dtype=float)) for n, v in point.items()}, "chosen")

    def _is_free(self, node: Node) -> bool:
        op = self._input(node)
        return op.kind == "real" and not isinstance(self.options.domain.get(op.name), str)

    def _is_held(self, node: Node) -> bool:
        """Indices, and whole numbers that are not differentiated: sizes and counts, as likely as not."""
        example = self.examples.get(node)
        op = self._input(node)
        if op.kind == "integer":
            return True
        whole = isinstance(example, (int, np.integer)) and not isinstance(example, bool)
        wanted = {leaf for name in self.question.wrt for leaf in self.question.forward.leaf_names(name)}
        return whole and op.name not in wanted and op.name not in self.options.domain

    def _input(self, node: Node) -> Input:
        op = self.truth.store.op(node)
        assert isinstance(op, Input)
        return op

    def _range(self, node: Node) -> tuple[float | None, float | None]:
        rule = self.options.domain.get(self._input(node).name)
        if not isinstance(rule, tuple):
            return None, None
        low, high = (None if end is None or not np.isfinite(float(end)) else float(end) for end in rule)
        return low, high

    def _drawn(self, regime: str) -> dict[Node, Any]:
        named = next(self.sets)
        return {n: self._value(n, regime, named) for n in self.truth.inputs}

    def _value(self, node: Node, regime: str, named: Point) -> Any:
        if node in named:
            return self._like(node, np.asarray(named[node], dtype=float))
        if node in self.sizes:
            return self._index(node, self.sizes[node])
        if self._is_held(node):
            return self.examples[node]
        shape = concrete(self._input(node).shape, "probe")
        added = node not in self.examples  # a cotangent or direction enters linearly: short rationals
        return self._like(node, _numbers("mixed" if added else regime, shape, *self.boxes[node], self.rng))

    def _index(self, node: Node, size: int) -> Any:
        """Other indices of the axis, in the form of the example."""
        example = self.examples[node]
        other = drawn(size, as_objects(np.asarray(example)), self.draws)
        return self._like(node, other if isinstance(example, np.ndarray) else int(other[()]))

    def _like(self, node: Node, value: Any) -> Any:
        """The value in the form of the example: an array of its dtype, or a number."""
        example = self.examples.get(node)
        if self._input(node).kind != "real":
            array = np.asarray(value)
            return array.astype(np.asarray(example).dtype) if isinstance(example, np.ndarray) else value
        if isinstance(example, np.generic) and example.dtype.kind == "f":
            return example.dtype.type(value)
        if np.ndim(value) == 0 and not isinstance(example, np.ndarray):
            return float(value)
        own = self.dtype
        if isinstance(example, np.ndarray) and example.dtype.kind == "f" and example.dtype.itemsize <= 8:
            own = example.dtype
        return np.asarray(value).astype(own)


def _common_dtype(examples: Any, default: str) -> np.dtype[Any]:
    arrays = [e.dtype for e in examples if isinstance(e, (np.ndarray, np.generic))]
    floats = [d for d in arrays if d.kind == "f" and d.itemsize <= 8]
    return np.result_type(*floats) if floats else np.dtype(default)


def _numbers(regime: str, shape: tuple[int, ...], low: float | None, high: float | None, rng: Any) -> Array:
    part = rng.integers(1, 64, shape) / 64
    if low is not None and high is not None:
        return np.asarray(low + (high - low) * part)
    if low is not None or high is not None:
        distance = part * {"wide": 4, "mixed": 4, "large": 64, "scales": 4096, "small": 2**-8}.get(regime, 1)
        return np.asarray(low + distance if low is not None else high - distance)
    sign = rng.choice([-1.0, 1.0], shape)
    match regime:
        case "mixed":
            return np.asarray(sign * rng.integers(1, 25, shape) / 8)
        case "normal":
            return np.asarray(rng.normal(size=shape))
        case "special":
            return np.asarray(rng.choice(_SPECIAL, shape))
        case "zeros":
            return np.zeros(shape)
        case "equal":
            return np.full(shape, rng.integers(-16, 17) / 8)
        case "pairs":
            return np.asarray(rng.choice(rng.integers(-16, 17, 2) / 8, shape))
        case "scales":
            return np.asarray(sign * part * 2.0 ** rng.integers(-12, 16, shape))
        case "positive":
            return np.asarray(rng.integers(1, 33, shape) / 8)
        case "inner":
            return np.asarray(sign * part)
        case "unit":
            return np.asarray(part)
        case "wide":
            return np.asarray(sign * rng.integers(1, 41, shape) / 4)
        case "spread":
            return np.asarray(rng.uniform(-10, 10, shape))
        case "small":
            return np.asarray(sign * part * 2**-6)
        case "large":
            return np.asarray(rng.uniform(-80, 80, shape))
        case _:
            return np.asarray(sign * part * 2.0 ** int(regime[2:]))
