"""Into which pieces do the ties of a point cut its surroundings? A direction into each, where they are independent."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from typing import Any

import numpy as np

from symdiff.checking.kinks.hulls import Numbers
from symdiff.checking.kinks.limits import Direction, Surroundings, evaluated, toward
from symdiff.checking.kinks.ties import kink_gaps
from symdiff.evaluation.arithmetics import Arithmetic, compiled, working_precision
from symdiff.evaluation.exact import Objects, as_objects, lift
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import ArgMax, Map, Maximum

_STEP = Fraction(1, 2**60)
_BITS = 400
_MOST_CELLS = 64
_MOST_AXES = 60


@dataclass(frozen=True)
class Cells:
    """How fast each tied difference opens along each entry that is moved."""

    slopes: Numbers

    @property
    def independent(self) -> bool:
        """Whether every combination of signs has its own cell."""
        return bool(np.linalg.matrix_rank(self.slopes, tol=1e-9) == len(self.slopes))

    def directions(self, place: Surroundings) -> Iterator[Direction]:
        """One direction for each combination of signs, or for some of them."""
        back = np.linalg.pinv(self.slopes)
        for signs in islice(_signs(len(self.slopes)), _MOST_CELLS):
            yield toward(place.nodes, place, back @ np.array(signs))


def _signs(count: int) -> Iterator[Sequence[int]]:
    if 2**count <= _MOST_CELLS:
        yield from product((1, -1), repeat=count)
        return
    rng = random.Random(0)
    while True:
        yield [rng.choice((1, -1)) for _ in range(count)]


def cells(place: Surroundings) -> Cells | None:
    """The ties at a point by their slopes; None where there are none, too many, or no telling."""
    shapes = [place.base[node].shape for node in place.nodes]
    if sum(int(np.prod(shape)) for shape in shapes) > _MOST_AXES:
        return None
    with working_precision(_BITS):
        here = _heights(place, {})
        tied = [] if here is None else [k for k, ball in enumerate(here) if ball.is_zero()]
        if here is None or not tied:
            return None
        columns = []
        for node, shape in zip(place.nodes, shapes, strict=True):
            for index in np.ndindex(shape):
                there = _heights(place, {node: _unit(shape, index)})
                if there is None:
                    return None
                columns.append([float((there[k] / place.arithmetic.number(_STEP)).mid()) for k in tied])
    slopes = np.array(columns, dtype=float).T
    return Cells(slopes) if np.isfinite(slopes).all() else None


def _unit(shape: tuple[int, ...], index: tuple[int, ...]) -> Objects:
    result = np.full(shape, Fraction(0), dtype=object)
    result[index] = _STEP
    return result


def _heights(place: Surroundings, shift: Direction) -> list[Any] | None:
    """Every difference that a branch of the function looks at, after a step."""
    store, kinks = place.question.truth.store, place.question.kinks
    moved = {
        k: as_objects(v + lift(shift[k], place.arithmetic)) if k in shift else v
        for k, v in place.base.items()
    }
    operands = sorted({k for node in kinks for k in store.operands(node)})
    found = evaluated(place.question, operands, moved, place.arithmetic)
    if found is None:
        return None
    known = dict(zip(operands, found, strict=True))
    return [height for node in kinks for height in _differences(store, node, known, place.arithmetic)]


def _differences(
    store: Store, node: Node, known: dict[Node, Objects], arithmetic: Arithmetic
) -> Iterator[Any]:
    op, operands = store.op(node), store.operands(node)
    if isinstance(op, (Maximum, ArgMax)):
        rows = np.moveaxis(known[operands[0]], op.axes, range(-len(op.axes), 0))
        for row in rows.reshape(-1, int(np.prod(rows.shape[rows.ndim - len(op.axes) :]))):
            best = max(row, key=lambda ball: float(ball.mid()))
            yield from (entry - best for entry in row if entry is not best)
        return
    assert isinstance(op, Map)
    arrays = [np.broadcast_to(known[k], store.shape(node)) for k in operands]
    kinds = [store.kind(k) for k in operands]
    for gap in dict.fromkeys(kink_gaps(op.formula)):
        if any(gap.has(a) and kind != "boolean" for a, kind in zip(op.formula.arguments, kinds, strict=True)):
            yield from np.ravel(
                np.frompyfunc(compiled(op.formula.arguments, gap, arithmetic), len(arrays), 1)(*arrays)
            )
