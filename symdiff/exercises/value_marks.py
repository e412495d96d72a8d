"""Is the number of a cell right, to the digits that are written? Or right given the student's earlier numbers?

Each earlier number stands for all numbers that round to it, so nobody is wrong for having rounded on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from symdiff.derivations.steps import Step
from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import BALLS, working_precision
from symdiff.evaluation.exact import Objects, evaluate
from symdiff.exercises import numbers
from symdiff.exercises.marks import EMPTY, RIGHT, Mark, Status, worst
from symdiff.exercises.numbers import Cell, Written
from symdiff.exercises.quantities import Quantities
from symdiff.exercises.slips import slip
from symdiff.exercises.unreadable import Unreadable
from symdiff.ir.graph import Node

_BITS = 200
_SLACK = Fraction(501, 500)  # a tie is no mistake: printed values are judged with the same


@dataclass(frozen=True)
class Roads:
    """What a value may agree with: the truth, the student's earlier values, and the student's own formula.

    ``is_apart`` says that the student's earlier values do not hold the true ones.
    """

    truth: Objects
    own: Objects | None
    formula: Objects | None
    is_apart: bool


class ValueJudge:
    """Marks the values of one sheet, from the first row to the last; ``digits`` are asked for, if any."""

    def __init__(self, quantities: Quantities, digits: int | None) -> None:
        self.quantities, self.digits = quantities, digits
        self.truth: dict[str, Objects] = {
            step.quantity: np.asarray(step.value)
            for step in quantities.derivation.steps
            if step.value is not None
        }
        self.held: dict[str, Objects] = {}  # what the student goes on with

    def give(self, step: Step) -> None:
        """A value that the sheet shows: a student goes on with it as it is printed, or with the exact one."""
        if step.quantity in self.truth:
            digits = self.digits
            each = np.frompyfunc(lambda ball: ball if digits is None else _with_rounded(ball, digits), 1, 1)
            with working_precision(_BITS):
                is_input = self.quantities.is_given(step.quantity)
                truth = self.truth[step.quantity]
                self.held[step.quantity] = truth if is_input else _objects(each(truth))

    def skip(self, step: Step) -> None:
        """A value that nobody has written: what follows from the earlier ones."""
        if step.quantity in self.truth:
            with working_precision(_BITS):
                own = self._follow(self.quantities.rules[step.quantity].own)
            self.held[step.quantity] = self.truth[step.quantity] if own is None else own

    def mark(self, step: Step, text: str, formula: Node | None) -> Mark:
        """The mark of one cell; ``formula`` is the student's own for this row, where it is wrong."""
        self.skip(step)
        truth = self.truth.get(step.quantity)
        if numbers.is_empty(text):
            return EMPTY
        if truth is None:
            return Mark("unreadable", "there is no value to compare it with")
        try:
            written = numbers.value(text)
        except Unreadable as error:
            return Mark("unreadable", str(error))
        if written.shape != truth.shape:
            turned = written.ndim == 2 and written.shape == truth.T.shape
            told = "transposed" if turned else f"its shape is {truth.shape}"
            return Mark("wrong", f"{told}, not {written.shape}" if not turned else told)
        with working_precision(_BITS):
            return self._marked(step, written, truth, formula)

    def _marked(self, step: Step, written: Any, truth: Objects, formula: Node | None) -> Mark:
        own = self._follow(self.quantities.rules[step.quantity].own)
        apart = own is not None and not all(_holds(o, t) for o, t in zip(own.flat, truth.flat, strict=True))
        roads = Roads(truth, own, None if formula is None else self._follow(formula), apart)
        found = [self._entry(written[place], roads, place) for place in np.ndindex(truth.shape)]
        status = worst(mark.status for mark in found)
        self._keep(step, written, found, roads)
        if status == "wrong":
            told = slip(step, written, truth, self.truth)
            return Mark("wrong", "; ".join(part for part in (told, _where(found, truth.shape)) if part))
        return next((mark for mark in found if mark.status == status), RIGHT)

    def _entry(self, cell: Cell, roads: Roads, place: tuple[int, ...]) -> Mark:
        if cell is None:
            return EMPTY
        truth = roads.truth[place]
        if not truth.is_finite():
            return Mark("wrong", "it has no value here")
        if self._agrees(cell, truth):
            return RIGHT
        if roads.own is not None and self._agrees(cell, roads.own[place]):
            rounded = Mark("right", "as your earlier values are rounded")
            return Mark("follows", "right with your earlier values") if roads.is_apart else rounded
        if roads.formula is not None and self._agrees(cell, roads.formula[place]):
            return Mark("follows", "right with your formula")
        for other in (truth, *(road[place] for road in (roads.own, roads.formula) if road is not None)):
            if _within(cell, other, cell.half):
                return Mark("short", f"right as far as it goes; {self.digits} digits are asked")
        return Mark("wrong")

    def _agrees(self, cell: Written, ball: Any) -> bool:
        return _within(cell, ball, self._half(cell, ball))

    def _half(self, cell: Written, ball: Any) -> Fraction:
        """Half a unit of the last written digit, or of the last digit that is asked, whichever is less."""
        asked = None if self.digits is None else _unit(ball, self.digits) / 2
        return min(cell.half, asked) if asked else cell.half

    def _follow(self, node: Node) -> Objects | None:
        """The value of a node at what the student holds; None where it cannot be told."""
        plain = {tensor.own: name for name, tensor in self.quantities.plain.items()}
        needed = [n for n in self.quantities.store.ancestors([node]) if n in plain]
        if any(plain[n] not in self.held for n in needed):
            return None
        point = {n: self.held[plain[n]] for n in needed}
        try:
            (found,) = evaluate(self.quantities.store, [node], point, BALLS)
        except (Undetermined, ZeroDivisionError):
            return None
        return found

    def _keep(self, step: Step, written: Any, marks: list[Mark], roads: Roads) -> None:
        """Hold what the student may go on with; entries that are empty follow from the earlier values."""
        held = np.array(self.held[step.quantity])
        for place, mark in zip(np.ndindex(held.shape), marks, strict=True):
            cell = written[place]
            if cell is not None:
                half = self._half(cell, BALLS.number(cell.value))
                own = None if roads.own is None else roads.own[place]
                held[place] = _kept(cell, half, own, roads.truth[place], mark.status)
        self.held[step.quantity] = held


# Balls ------------------------------------------------------------------------------------------------------


def _within(cell: Written, ball: Any, half: Fraction) -> bool:
    """Whether some number of the ball rounds to the written one."""
    if not ball.is_finite():
        return False
    return not abs(ball - BALLS.number(cell.value)) > BALLS.number(half * _SLACK)


def _unit(ball: Any, digits: int) -> Fraction:
    """A unit of the last of some significant digits; 0 for a ball around 0, where none is the first digit."""
    size = abs(ball.mid())
    if not size > 0:
        return Fraction(0)
    return Fraction(10) ** (Decimal(size.str(20, radius=False)).adjusted() - digits + 1)


def _with_rounded(ball: Any, digits: int) -> Any:
    """A ball and what it is printed as, in one."""
    unit = _unit(ball, digits) if ball.is_finite() else Fraction(0)
    if not unit:
        return ball
    middle = Fraction(Decimal(ball.str(60, radius=False)))
    return ball.union(BALLS.number(round(middle / unit) * unit))


def _kept(cell: Written, half: Fraction, own: Any, truth: Any, status: Status) -> Any:
    """All numbers with which a student may go on who wrote this one: it, and the unrounded one behind it."""
    written = BALLS.number(cell.value)
    behind = BALLS.number(cell.value - half).union(BALLS.number(cell.value + half))
    if own is not None and own.is_finite() and own.overlaps(behind):
        behind = own.intersection(behind)
    kept = written.union(behind)
    return kept.union(truth) if status in ("right", "short") else kept


def _holds(ball: Any, truth: Any) -> bool:
    return bool(ball.overlaps(truth))


def _objects(value: Any) -> Objects:
    """``frompyfunc`` gives a bare object where there are no axes."""
    if isinstance(value, np.ndarray):
        return value
    result = np.empty((), dtype=object)
    result[()] = value
    return result


def _where(marks: list[Mark], shape: tuple[int, ...]) -> str:
    """Which entries of an array are wrong, the first few of them."""
    places = [place for place, mark in zip(np.ndindex(shape), marks, strict=True) if mark.status == "wrong"]
    if not shape or len(places) == len(marks):
        return ""
    told = ", ".join("".join(f"[{k}]" for k in place) for place in places[:4])
    return f"at {told}{' ...' if len(places) > 4 else ''}"
