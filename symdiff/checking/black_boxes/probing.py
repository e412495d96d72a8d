"""At which floats is a black box looked at? The caller's example, then several regimes inside the domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.black_boxes.batches import Batch, Probe
from symdiff.checking.black_boxes.drawing import ALIKE, by_regime, indices, members, numbers
from symdiff.checking.black_boxes.keeping import Shelf
from symdiff.checking.domains import holds
from symdiff.checking.indices import index_sizes
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, leaf_values
from symdiff.checking.sampling import Point
from symdiff.ir.graph import Node
from symdiff.ir.ops import Input
from symdiff.ir.sizes import concrete

Array = NDArray[Any]

OWN = "the caller's example"
TIE = "on a tie"
MODERATE = ("mixed", "normal", "positive", "inner", "wide", "unit", "spread", "small", "large")
TIED = ("special", "equal", "pairs", "zeros")  # where kinks and removable poles are
# where other algorithms may overflow; tried when a branch was never taken
FAR = ("scales", "2^-20", "2^7", "2^10")
REGIMES = (*MODERATE[:2], *TIED, *MODERATE[2:], "scales")
_ORDINARY = ("mixed", "normal", "positive", "inner", "unit", "mixed", "normal", "inner", "wide")
_NEAR = 16.0  # numbers up to here are as ordinary as the caller's
ORDINARY = len(_ORDINARY)  # of them an opening holds, before the caller's example
_NEIGHBOURS = 9
_ENTRIES = 20_000
_QUICK = 1_000
_AT_ONCE = 2_000_000  # numbers at all nodes of the graph: some 100 MB with their bounds
_MOST_AT_ONCE = 256


class Prober:
    """Makes probes for one question; the same seed makes the same ones."""

    def __init__(self, question: Question, options: Options) -> None:
        self.question, self.options = question, options
        self.truth = question.truth
        self.examples = dict(zip(question.forward.inputs, leaf_values(question), strict=True))
        self.dtype = _common_dtype(self.examples.values(), options.dtype)
        self.rng = np.random.default_rng(options.seed)
        self.sizes = index_sizes(question.forward)
        self.shapes = {n: concrete(self._input(n).shape, "probe") for n in self.truth.inputs}
        self._wanted = {leaf for name in question.wrt for leaf in question.forward.leaf_names(name)}
        self._held = {n for n in self.truth.inputs if n not in self.sizes and self._is_held(n)}
        self._turn = 0

    @property
    def is_small(self) -> bool:
        """Whether the entries of all inputs can be handled one by one."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values()) <= _ENTRIES

    @property
    def is_quick(self) -> bool:
        """Whether exact arithmetic at a point takes no time to speak of."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values()) <= _QUICK

    @property
    def at_once(self) -> int:
        """How many probes fit into memory together."""
        store = self.truth.store
        shapes = [store.shape(n) for n in store.ancestors(self.truth.outputs)]
        total = sum(int(np.prod([int(size) for size in shape])) for shape in shapes)
        return int(np.clip(_AT_ONCE // max(total, 1), 1, _MOST_AT_ONCE))

    def own(self) -> Probe:
        """The caller's example, with a random cotangent or direction where one is needed."""
        drawn = self._drawn(["mixed"]).probes[0].values
        values = {n: self._like(n, self.examples[n]) if self._belongs(n) else v for n, v in drawn.items()}
        return Probe(values, OWN)

    def _belongs(self, node: Node) -> bool:
        """Whether there is an example, and it is in its set: a part of a one-hot row may be zero."""
        rule = self.options.domain.get(self._input(node).name)
        is_set = node in self.examples and isinstance(rule, str)
        return holds(str(rule), np.asarray(self.examples[node])) if is_set else node in self.examples

    def is_at_end(self, probe: Probe) -> bool:
        """Whether an entry of a probe is a finite end of its interval."""
        for node, value in probe.values.items():
            rule = self.options.domain.get(self._input(node).name)
            if isinstance(rule, tuple) and any(
                np.any(value == end) for end in _ends(rule) if end is not None
            ):
                return True
        return False

    def is_far(self, probe: Probe) -> bool:
        """Whether a free input is much larger than the caller's examples, in no domain that the caller gave."""
        if probe.regime in FAR:
            return True
        for node, example in self.examples.items():
            value = np.asarray(probe.values[node])
            if value.dtype.kind == "f" and value.size and self._input(node).name not in self.options.domain:
                own = np.max(np.abs(np.asarray(example, dtype=float)), initial=0.0)
                if np.max(np.abs(value)) > max(_NEAR, 4 * own):
                    return True
        return False

    def generated(self, count: int) -> Batch:
        """The next probes of an endless stream through the regimes."""
        regimes = [REGIMES[(self._turn + k) % len(REGIMES)] for k in range(count)]
        self._turn += count
        return self._drawn(regimes)

    def moderate(self) -> Batch:
        """A few ordinary points, from a stream of their own."""
        return Prober(self.question, self.options)._drawn(_ORDINARY)

    def opening(self, count: int, shelf: Shelf) -> Batch:
        """The ordinary points, the caller's example, and the next generated ones, all together."""
        batch, state, turn = shelf.get("opening", lambda: self._opening(count))
        self.rng.bit_generator.state, self._turn = state, turn
        return batch

    def _opening(self, count: int) -> tuple[Batch, Any, int]:
        moderate, own, generated = self.moderate(), Batch.of(self.own()), self.generated(count)
        parts = (moderate, own, generated)
        arrays = {n: np.concatenate([part.arrays[n] for part in parts]) for n in self.truth.inputs}
        whole = Batch([probe for part in parts for probe in part.probes], arrays)
        return whole, self.rng.bit_generator.state, self._turn

    def neighbours(self, probe: Probe, dtype: np.dtype[Any]) -> list[Probe]:
        """The same point with its free inputs moved a little: by some ulps of a dtype, up to a few digits."""
        least = float(np.log2(np.finfo(dtype).eps))
        steps = [2.0**exponent for exponent in np.linspace(least + 2, 0.35 * least, _NEIGHBOURS)]
        return [
            Probe({n: self._nudged(n, v, step) for n, v in probe.values.items()}, "neighbour")
            for step in steps
        ]

    def _nudged(self, node: Node, value: Any, step: float) -> Any:
        if node in self._held or not self._is_free(node):
            return value
        start = np.asarray(value, dtype=float)
        moved = start * (1 + step * self.rng.uniform(-1, 1, start.shape))
        rule = self.options.domain.get(self._input(node).name)
        low, high = _ends(rule) if isinstance(rule, tuple) else (None, None)
        is_out = (moved < (-np.inf if low is None else low)) | (moved > (np.inf if high is None else high))
        return self._like(node, np.where(is_out, 2 * start - moved, moved))

    def far(self, magnitudes: Sequence[float]) -> Batch:
        """Very small and very large numbers, and numbers beyond some magnitudes."""
        beyond = tuple(f"2^{int(np.ceil(np.log2(size))) + 1}" for size in magnitudes)
        return self._drawn((*FAR, *beyond) * 4)

    def at(self, point: Point) -> Probe:
        """An exact point as floats of the right dtypes."""
        return Probe({n: self._like(n, np.asarray(v, dtype=float)) for n, v in point.items()}, "chosen")

    def _is_free(self, node: Node) -> bool:
        op = self._input(node)
        return op.kind == "real" and not isinstance(self.options.domain.get(op.name), str)

    def _is_held(self, node: Node) -> bool:
        """Whole numbers that are not differentiated: sizes and counts, as likely as not."""
        example, op = self.examples.get(node), self._input(node)
        if op.kind == "integer":
            return True
        whole = isinstance(example, (int, np.integer)) and not isinstance(example, bool)
        return whole and op.name not in self._wanted and op.name not in self.options.domain

    def _input(self, node: Node) -> Input:
        op = self.truth.store.op(node)
        assert isinstance(op, Input)
        return op

    # Draws --------------------------------------------------------------------------------------------------

    def _drawn(self, regimes: Sequence[str]) -> Batch:
        free = self._free_numbers(regimes)
        raw = {n: free[n] if n in free else self._raw(n, regimes) for n in self.truth.inputs}
        arrays = {n: self._cast(n, array) for n, array in raw.items()}
        forms = {n: self._form(n) for n in self.truth.inputs}
        probes = [
            Probe({n: forms[n](array[k, ...]) for n, array in arrays.items()}, regime)
            for k, regime in enumerate(regimes)
        ]
        return Batch(probes, arrays)

    def _raw(self, node: Node, regimes: Sequence[str]) -> Array:
        op, shape, count = self._input(node), self.shapes[node], len(regimes)
        rule = self.options.domain.get(op.name)
        if node in self.sizes:
            return indices(self.sizes[node], count, shape, self.rng)
        if node in self._held:
            return np.stack([np.asarray(self.examples[node])] * count)
        if op.kind == "boolean" or isinstance(rule, str):
            return members(rule if isinstance(rule, str) else "boolean", count, shape, self.rng)
        interval = _ends(rule) if isinstance(rule, tuple) else (None, None)
        if node not in self.examples:  # a cotangent or direction enters linearly: short rationals
            return numbers("mixed", count, shape, interval, self.rng)
        return by_regime(regimes, lambda name, n: numbers(name, n, shape, interval, self.rng), shape)

    def _free_numbers(self, regimes: Sequence[str]) -> dict[Node, Array]:
        """The inputs without any domain, drawn as one long vector."""
        nodes = [n for n in self.truth.inputs if self._is_plain(n)]
        sizes = [int(np.prod(self.shapes[n])) for n in nodes]

        def draw(name: str, count: int) -> Array:
            if name not in ALIKE:
                return numbers(name, count, (sum(sizes),), (None, None), self.rng)
            parts = [numbers(name, count, (size,), (None, None), self.rng) for size in sizes]
            return np.concatenate(parts, axis=1)

        if len(nodes) < 2:
            return {}
        whole = by_regime(regimes, draw, (sum(sizes),))
        parts = np.split(whole, np.cumsum(sizes)[:-1], axis=1)
        return {n: part.reshape(len(regimes), *self.shapes[n]) for n, part in zip(nodes, parts, strict=True)}

    def _is_plain(self, node: Node) -> bool:
        op = self._input(node)
        is_drawn = node in self.examples and node not in self._held
        return is_drawn and op.kind == "real" and op.name not in self.options.domain

    def _cast(self, node: Node, array: Array) -> Array:
        """The numbers in the dtype of the example."""
        example = self.examples.get(node)
        kind = self._input(node).kind
        if kind != "real":
            own = example.dtype if isinstance(example, np.ndarray) else array.dtype
            return array.astype(bool if kind == "boolean" else own)
        if node in self._held:
            return array.astype(np.asarray(example).dtype)
        if isinstance(example, (np.ndarray, np.generic)):
            return array.astype(self._own_dtype(example))
        return array.astype(self.dtype) if array.ndim > 1 else array.astype(float)

    def _own_dtype(self, example: NDArray[Any] | np.generic) -> np.dtype[Any]:
        is_short = example.dtype.kind == "f" and example.dtype.itemsize <= 8
        return example.dtype if is_short and self.options.dtype != "float32" else self.dtype

    def _form(self, node: Node) -> Any:
        """What makes of an array the kind of object that the example is."""
        example = self.examples.get(node)
        if isinstance(example, np.ndarray) or self.shapes[node]:
            return np.asarray
        if isinstance(example, np.generic) and example.dtype.kind == "f":
            return self._own_dtype(example).type
        return type(example) if node in self._held else np.ndarray.item

    def _like(self, node: Node, value: Any) -> Any:
        """The value in the form of the example: an array of its dtype, or a number."""
        return self._form(node)(self._cast(node, np.asarray(value)[None])[0, ...])


def _ends(rule: Any) -> tuple[float | None, float | None]:
    low, high = (None if end is None or not np.isfinite(float(end)) else float(end) for end in rule)
    return low, high


def _common_dtype(examples: Any, default: str) -> np.dtype[Any]:
    """The dtype of the examples, unless float32 is asked for."""
    arrays = [e.dtype for e in examples if isinstance(e, (np.ndarray, np.generic))]
    floats = [d for d in arrays if d.kind == "f" and d.itemsize <= 8]
    return np.result_type(*floats) if floats and default != "float32" else np.dtype(default)
