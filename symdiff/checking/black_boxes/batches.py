"""What is a probe? One value for each input, as the claim receives it; many of them stand in one array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.sampling import Point, exactly
from symdiff.ir.graph import Node

Array = NDArray[Any]


@dataclass(frozen=True)
class Probe:
    """One value for each input of the truth, as the claim receives it, and how it was found."""

    values: dict[Node, Any]
    regime: str

    @property
    def point(self) -> Point:
        """The exact binary numbers that the floats are."""
        return {node: _exactly(value) for node, value in self.values.items()}


@dataclass(frozen=True, eq=False)
class Batch:
    """Several probes; ``arrays`` holds the same numbers, the first axis counts the probes.

    A part of another batch knows its ``rows`` there, so that what is known of the whole need not be found again.
    """

    probes: Sequence[Probe]
    arrays: dict[Node, Array] = field(default_factory=dict)
    whole: Batch | None = None
    rows: Sequence[int] | slice = ()

    @classmethod
    def of(cls, *probes: Probe) -> Batch:
        """Probes that were found one by one."""
        nodes = probes[0].values
        return cls(probes, {n: np.stack([np.asarray(p.values[n]) for p in probes]) for n in nodes})

    def at(self, rows: Sequence[int]) -> Batch:
        """Some of the probes."""
        if len(rows) == len(self.probes):
            return self
        chosen = [self.probes[row] for row in rows]
        arrays = {n: value[list(rows)] for n, value in self.arrays.items()}
        if self.whole is None:
            return Batch(chosen, arrays, self, list(rows))
        own = range(len(self.whole.probes))[self.rows] if isinstance(self.rows, slice) else self.rows
        return Batch(chosen, arrays, self.whole, [own[row] for row in rows])

    def part(self, start: int, stop: int) -> Batch:
        """Some probes that follow each other."""
        rows = slice(start, stop)
        return Batch(self.probes[rows], {n: value[rows] for n, value in self.arrays.items()}, self, rows)


def _exactly(value: Any) -> NDArray[np.object_]:
    array = np.asarray(value)
    result = np.empty(array.size, dtype=object)
    result[:] = [exactly(v) for v in (array.ravel() if array.dtype.itemsize > 8 else array.ravel().tolist())]
    return result.reshape(array.shape)


def probe_dtype(probe: Probe) -> np.dtype[Any]:
    """The dtype of a probe's floats."""
    found = [np.asarray(v).dtype for v in probe.values.values()]
    floats = [dtype for dtype in found if dtype.kind == "f"]
    return np.result_type(*floats) if floats else np.dtype(float)
