"""Is a function of one number below a bound, on an interval or on the whole line? Covers by intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint

from symdiff import calculus
from symdiff.doors.tracing import trace
from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import working_precision
from symdiff.evaluation.exact import evaluate
from symdiff.ir.graph import Graph
from symdiff.library.intervals import INTERVALS, Interval, interval
from symdiff.verdicts import Evidence, Verdict, Witness

Function = Callable[[Any], Any]
End = Fraction | int | float | None
Piece = tuple[Fraction | None, Fraction | None]

BITS = 120
MOST_PIECES = 20_000
FARTHEST = Fraction(2) ** 1024  # beyond all floats of double precision
NARROWEST = Fraction(1, 2**60)


def slope(fn: Function, order: int = 1) -> Graph:
    """The graph of a function of one number, or of its derivative of some order."""
    graph = trace(fn, "")
    for _ in range(order):
        graph = calculus.gradient(graph, [graph.input_names[0]])
    return graph


def enclosure(graph: Graph, low: Fraction | None, high: Fraction | None) -> Interval | None:
    """What a graph of one number takes between two ends, or None where a kink is inside."""
    far = max((int(abs(end)).bit_length() for end in (low, high) if end is not None), default=0)
    try:
        with working_precision(BITS + far):  # what cancels in a tail is multiplied by x
            (value,) = evaluate(graph.store, graph.outputs, {graph.inputs[0]: interval(low, high)}, INTERVALS)
    except Undetermined:
        return None
    found: Interval = value.item()
    return found


# Bounds -----------------------------------------------------------------------------------------------------


def bounded(
    fn: Function,
    over: tuple[End, End] = (None, None),
    *,
    below: End = None,
    above: End = None,
    order: int = 0,
) -> Verdict:
    """Whether ``above < fn(x) < below`` for every x of a closed interval; ``order`` 1 asks about the derivative.

    An end None is infinite. A tail on which no enclosure is finite is covered as far as floats go, and the scope
    says so. Refuted with a witness at which an enclosure lies outside.

    >>> import numpy as np
    >>> bounded(np.tanh, (-1, 1), below=0.77).status
    'proved'
    >>> verdict = bounded(np.tanh, (0, 1), below=0.76)
    >>> verdict.status, verdict.witness.inputs
    ('refuted', {'x': Fraction(1, 1)})
    """
    graphs = slope(fn, order), slope(fn, order + 1)
    cover = Cover(*graphs, exact_end(below), exact_end(above), _question(fn, over, below, above, order))
    low, high = exact_end(over[0]), exact_end(over[1])
    for end in (low, high):
        if end is not None and cover.is_outside(end):
            return cover.refuted(end)
    return cover.judge((low, high))


def exact_end(end: End) -> Fraction | None:
    """An end as the number that was written: 9.22 is 922/100."""
    return None if end is None else Fraction(str(end)) if isinstance(end, float) else Fraction(end)


def _question(fn: Function, over: tuple[End, End], below: End, above: End, order: int) -> str:
    name = f"{getattr(fn, '__name__', 'f')}{chr(39) * order}(x)"
    left = f"{_shown(above)} < " if above is not None else ""
    right = f" < {_shown(below)}" if below is not None else ""
    return f"{left}{name}{right} for {interval_text(over)}"


def _shown(end: End) -> str:
    return str(end) if isinstance(end, float) else str(Fraction(end or 0))


def interval_text(over: tuple[End, End]) -> str:
    """``x >= 9.22``."""
    low, high = over
    if low is None and high is None:
        return "every x"
    if low is None:
        return f"x <= {_shown(high)}"
    return f"x >= {_shown(low)}" if high is None else f"{_shown(low)} <= x <= {_shown(high)}"


@dataclass
class Cover:
    """A question about bounds and how many pieces its answer took."""

    graph: Graph
    first: Graph
    below: Fraction | None
    above: Fraction | None
    question: str
    count: int = 0
    cut: bool = False

    def judge(self, whole: Piece) -> Verdict:
        """Cut into pieces until each is inside the bounds, or one point is outside."""
        pending = [whole]
        while pending:
            piece = pending.pop()
            self.count += 1
            value = enclosure(self.graph, *piece)
            if self._is_inside(value) or (value is not None and self._is_inside(self._from_middle(piece))):
                continue
            middle = _middle(piece)
            if middle is None:
                self.cut = True
                continue
            if self.is_outside(middle):
                return self.refuted(middle)
            if self.count > MOST_PIECES or _is_narrow(piece):
                reason = f"the bound is too close near x = {_decimal(middle)}"
                return Verdict("undecided", self.question, "nothing", self._evidence(), reason)
            pending += [(piece[0], middle), (middle, piece[1])]
        scope = "every x with |x| <= 2^1024, which are all floats" if self.cut else "every x of the interval"
        return Verdict("proved", self.question, scope, self._evidence())

    def _from_middle(self, piece: Piece) -> Interval | None:
        """The mean value theorem: the value at the middle, and the slope on the piece times half its length.

        Only for a piece on which no branch changes: the derivative does not know of a jump.
        """
        low, high = piece
        if low is None or high is None:
            return None
        middle, steep = (low + high) / 2, enclosure(self.first, low, high)
        value = enclosure(self.graph, middle, middle)
        if steep is None or value is None:
            return None
        with working_precision(BITS):
            return value + steep * interval(low - middle, high - middle)

    def is_outside(self, x: Fraction) -> bool:
        """Whether an enclosure at a point lies outside the bounds."""
        value = enclosure(self.graph, x, x)
        if value is None:
            return False
        with working_precision(BITS):
            high = self.below is not None and bool(value.low >= as_ball(self.below))
            return high or (self.above is not None and bool(value.high <= as_ball(self.above)))

    def refuted(self, x: Fraction) -> Verdict:
        """The verdict with the point as its witness."""
        value = enclosure(self.graph, x, x)
        assert value is not None
        bound = self.below if self.below is not None else self.above
        witness = Witness(
            {"x": x}, "value", (), bound, value.text, certified=True, enclosures=(str(bound), value.text)
        )
        reason = f"at x = {_decimal(x)} it is in {value.text}"
        return Verdict("refuted", self.question, f"x = {_decimal(x)}", self._evidence(), reason, witness)

    def _is_inside(self, value: Interval | None) -> bool:
        if value is None:
            return False
        with working_precision(BITS):
            low = self.above is None or bool(value.low > as_ball(self.above))
            return low and (self.below is None or bool(value.high < as_ball(self.below)))

    def _evidence(self) -> Evidence:
        pieces = "one interval" if self.count == 1 else f"{self.count} intervals that cover it"
        return Evidence((f"interval arithmetic on {pieces}, ends rounded outwards",))


def as_ball(value: Fraction) -> Any:
    """An exact number as a ball at the working precision."""
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def _decimal(x: Fraction) -> str:
    if abs(x) >= Fraction(2) ** 1000:
        return f"{'-' if x < 0 else ''}2^{int(abs(x)).bit_length() - 1}"
    return str(x) if x.denominator < 1000 and abs(x) < 10**12 else f"{float(x):.12g}"


def _middle(piece: Piece) -> Fraction | None:
    """Where a piece is cut; None for a tail beyond all floats."""
    low, high = piece
    if low is None and high is None:
        return Fraction(0)
    if low is None:
        assert high is not None
        return None if high <= -FARTHEST else max(-FARTHEST, min(-high * high, high - 1))
    if high is None:
        return None if low >= FARTHEST else min(FARTHEST, max(low**2, low + 1))
    return (low + high) / 2


def _is_narrow(piece: Piece) -> bool:
    low, high = piece
    return low is not None and high is not None and high - low < NARROWEST * max(Fraction(1), abs(low))
