"""Does a claim look right in floats? Then balls need not look at this point, nor at all sides of a kink.

Only what floats show to agree is passed over: anything else is left to those who can certify it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point
from symdiff.errors import SymdiffError
from symdiff.evaluation.kernels import Kernel
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Node

_STEP = 1e-7
_SAME, _ROUNDING = 1e-4, 1e-9
_SIDES = 2
_DTYPES = {"boolean": np.bool_, "integer": np.int64, "real": np.float64}

Floats = dict[Node, NDArray[Any]]


@dataclass
class Screen:
    """Truth and claim of one question as one kernel."""

    question: Question
    kernel: Kernel | None = field(init=False)
    moving: list[Node] = field(init=False)

    def __post_init__(self) -> None:
        question = self.question
        forward, truth = question.forward, question.truth
        assert question.claimed is not None
        names = [forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)]
        self.moving = [node for node in names if node in truth.inputs]
        try:
            self.kernel = compile_kernel(truth.with_outputs((*truth.outputs, *question.claimed)))
        except SymdiffError:
            self.kernel = None

    def suspects(self, targets: Sequence[int], point: Point) -> list[int]:
        """The targets whose claim is not seen to be the limit of the derivative from several sides."""
        if self.kernel is None or not targets:
            return list(targets)
        here = self._floats(point)
        count = len(self.question.targets)
        claims = self._values(here)[count:]
        sides = [self._values(moved)[:count] for moved in self._around(here)]
        return [k for k in targets if not all(_same(side[k], claims[k]) for side in sides)]

    def differing(self, targets: Sequence[int], point: Point) -> list[int]:
        """The targets whose claim is not seen to agree with the truth at a point."""
        if self.kernel is None or not targets:
            return list(targets)
        found = self._values(self._floats(point))
        count = len(self.question.targets)
        return [k for k in targets if not _agree(found[k], found[count + k])]

    def _floats(self, point: Point) -> Floats:
        store = self.question.truth.store
        return {node: np.asarray(value, dtype=_DTYPES[store.kind(node)]) for node, value in point.items()}

    def _values(self, at: Floats) -> list[NDArray[Any]]:
        assert self.kernel is not None
        with np.errstate(all="ignore"):
            found = self.kernel.flat([at[node] for node in self.question.truth.inputs])
        return [np.asarray(value, dtype=np.float64) for value in found]

    def _around(self, here: Floats) -> list[Floats]:
        rng = np.random.default_rng(0)
        result = []
        for _ in range(_SIDES):
            steps = {node: _STEP * rng.uniform(-1, 1, here[node].shape) for node in self.moving}
            for sign in (1, -1):
                result.append(here | {node: here[node] + sign * step for node, step in steps.items()})
        return result


def _agree(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two arrays are finite and equal up to rounding."""
    with np.errstate(all="ignore"):
        scale = np.max(np.abs(one), initial=0.0)
        return one.shape == other.shape and bool(np.all(np.abs(one - other) <= _ROUNDING * scale))


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two arrays are finite and equal up to what a small step may change."""
    if one.shape != other.shape:
        return False
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(one - other) <= _SAME * (1 + np.abs(other))))
