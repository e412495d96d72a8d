"""How many units in the last place is each form of an entry off, over the whole range of floats?

The truth is the derived graph in ball arithmetic at points of every binade, both signs; the forms run in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symdiff.errors import InputError, Undetermined, explain
from symdiff.evaluation.arithmetics import READ_BALLS, compiled, working_precision
from symdiff.evaluation.entries import output_entries
from symdiff.ir.graph import Graph
from symdiff.library.bounds import enclosure, slope
from symdiff.library.entries import Entry
from symdiff.library.second_order import with_settings
from symdiff.library.shelves import find
from symdiff.library.slices import is_elementwise

Form = Callable[[NDArray[Any]], NDArray[Any]]
Trouble = Literal["nan", "infinite", "no digit right"]

CORE = (-28, 11)  # binades in which functions bend
DENSE = 20  # points of a binade there
GOLDEN = (5**0.5 - 1) / 2
PRECISIONS = (150, 500, 3500)
NEAR_KINK = Fraction(1, 2**1080)


@dataclass(frozen=True)
class Stretch:
    """Floats from ``low`` to ``high`` at which a form fails where the truth is a float."""

    trouble: Trouble
    low: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.trouble} at {self.low:.6g}"
        return f"{self.trouble} from {self.low:.6g} to {self.high:.6g}"


@dataclass(frozen=True)
class FormAccuracy:
    """One form of the function (order 0) or of a derivative: its largest error in ULP, where, and where it fails.

    ``ulp`` is taken where the true value is a normal float, ``subnormal_ulp`` where it is smaller: there a form that
    returns 0 is off by as many of the smallest floats as the value holds.
    """

    form: str
    order: int
    ulp: float
    at: float
    subnormal_ulp: float
    stretches: tuple[Stretch, ...]
    at_infinity: tuple[str, ...]
    points: int

    @property
    def fails(self) -> tuple[str, ...]:
        """All failures in words."""
        return (*map(str, self.stretches), *self.at_infinity)


def has_accuracy(entry: Entry) -> bool:
    """Whether an entry is a function of one number, taken entry by entry."""
    return any(is_elementwise(entry, case) for case in entry.cases)


def accuracy(entry: Entry | str, dtype: str = "float64") -> tuple[FormAccuracy, ...]:
    """The largest error of each form of an activation, of its function and of its derivatives, in a dtype.

    At zeros, subnormal numbers, and points of every binade of both signs; kinks are left out of derivatives. One ULP is
    the distance of the floats around the true value. Raises InputError for an entry of several numbers.

    >>> textbook = next(row for row in accuracy("sigmoid", "float32") if (row.form, row.order) == ("textbook", 1))
    >>> textbook.stretches[0].trouble
    'nan'
    """
    entry = find(entry) if isinstance(entry, str) else entry
    if dtype not in ("float64", "float32") or not has_accuracy(entry):
        facts: dict[str, object] = {"entry": entry.name, "dtype": dtype}
        raise InputError(
            explain("accuracy", facts, "Ask for an elementwise activation, in float64 or float32.")
        )
    case = next(case for case in entry.cases if is_elementwise(entry, case))
    fn = with_settings(entry.fn, case.settings)
    grid = points(dtype)
    rows = []
    for order in range(3):
        truth = _truths(slope(fn, order), grid, dtype, skip_kinks=order > 0 and bool(entry.kinks))
        rows += [
            _measured(name, order, form, grid, truth) for name, form in _forms(entry, case.settings, order)
        ]
    return tuple(rows)


def points(dtype: str) -> NDArray[Any]:
    """Floats of both signs in every binade, denser where functions bend, with the ends, in order."""
    info = np.finfo(dtype)
    first, last = int(np.log2(float(info.smallest_subnormal))), info.maxexp - 1
    found = [0.0, float(info.max), float(info.smallest_normal), float(info.smallest_subnormal)]
    for exponent in range(first, last + 1):
        count = DENSE if CORE[0] <= exponent <= CORE[1] else 1
        found += [2.0**exponent * (1 + (k * GOLDEN) % 1) for k in range(exponent % 2, count + exponent % 2)]
    grid = np.unique(np.asarray(found, dtype=dtype))
    return np.concatenate([-grid[::-1], grid])


def _forms(entry: Entry, settings: Any, order: int) -> Iterator[tuple[str, Form]]:
    """The forms of one order as functions of x alone."""
    if order == 0:
        yield entry.name, with_settings(entry.fn, settings)
        yield from ((label, with_settings(form, settings)) for label, form in entry.forms.items())
    for claim in entry.claims:
        if claim.order == order:
            yield claim.label or claim.__name__, _of_one(with_settings(claim.claim, settings), order)


def _of_one(claim: Any, order: int) -> Form:
    def value(x: NDArray[Any]) -> NDArray[Any]:
        result: NDArray[Any] = claim(x, *[np.ones_like(x)] * order)
        return result

    return value


# The truth --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truths:
    """For each point the true value as a ball, None where it is not known to a small part of an ULP."""

    balls: tuple[Any, ...]
    ulps: tuple[Any, ...]
    dtype: str


def _truths(graph: Graph, grid: NDArray[Any], dtype: str, skip_kinks: bool) -> Truths:
    exact = [Fraction(float(x)) for x in grid]
    balls: list[Any] = [None] * len(exact)
    formula = _formula(graph)
    for bits in PRECISIONS:
        missing = [k for k, ball in enumerate(balls) if ball is None]
        with working_precision(bits):
            for k in missing:
                balls[k] = _sharp(_value(formula, exact[k]), dtype)
    for k, ball in enumerate(balls):
        if ball is None:
            found = enclosure(graph, exact[k], exact[k])
            if found is not None:
                with working_precision(PRECISIONS[0]):
                    balls[k] = _sharp(found.low.union(found.high), dtype)
    if skip_kinks:
        for k in _kinks(graph, exact, 0, len(exact)):
            balls[k] = None
    return Truths(tuple(balls), tuple(None if b is None else _ulp(b, dtype) for b in balls), dtype)


def _kinks(graph: Graph, xs: Sequence[Fraction], start: int, stop: int) -> Iterator[int]:
    """The places of points on a kink, by halves: most halves have none."""
    if enclosure(graph, xs[start] - NEAR_KINK, xs[stop - 1] + NEAR_KINK) is not None:
        return
    if stop - start == 1:
        yield start
        return
    middle = (start + stop) // 2
    yield from _kinks(graph, xs, start, middle)
    yield from _kinks(graph, xs, middle, stop)


def _formula(graph: Graph) -> Callable[[Any], Any]:
    """The graph as one formula in balls: thousands of points are asked."""
    expression = sp.sympify(output_entries(graph)[0].item(), strict=True)
    symbol = sp.Symbol("x") if not expression.free_symbols else next(iter(expression.free_symbols))
    return compiled((symbol,), expression, READ_BALLS)


def _value(formula: Callable[[Any], Any], x: Fraction) -> Any:
    try:
        return formula(READ_BALLS.number(x))
    except (Undetermined, ZeroDivisionError):
        return None


def _sharp(ball: Any, dtype: str) -> Any:
    """The ball if it is small beside the distance of floats."""
    if ball is None or not ball.is_finite():
        return None
    return ball if bool(2**20 * ball.rad() <= _ulp(ball, dtype)) else None


def _ulp(ball: Any, dtype: str) -> Any:
    """The distance of the floats around the middle of a ball."""
    info = np.finfo(dtype)
    least = int(np.log2(float(info.smallest_subnormal)))
    middle = ball.mid()
    if middle.is_zero():
        return flint.arb(2) ** least
    mantissa, exponent = middle.man_exp()
    top = int(exponent) + int(abs(mantissa)).bit_length() - 1
    return flint.arb(2) ** max(top - info.nmant, least)


# Measuring --------------------------------------------------------------------------------------------------


def _measured(name: str, order: int, form: Form, grid: NDArray[Any], truth: Truths) -> FormAccuracy:
    with np.errstate(all="ignore"):
        got = np.broadcast_to(np.asarray(form(grid)), grid.shape)
        infinite = _at_infinity(form, grid.dtype)
    if got.dtype != grid.dtype:
        infinite = (f"returns {got.dtype}", *infinite)
    errors = np.full(len(grid), np.nan)
    troubles: list[Trouble | None] = [None] * len(grid)
    with working_precision(PRECISIONS[0]):
        for k, (ball, ulp) in enumerate(zip(truth.balls, truth.ulps, strict=True)):
            if ball is not None:
                troubles[k], errors[k] = _compared(float(got[k]), ball, ulp, truth.dtype)
    known = np.where(np.isfinite(errors), errors, 0.0)
    tiny = np.asarray([b is not None and _is_tiny(b, truth.dtype) for b in truth.balls])
    normal = np.where(tiny, 0.0, known)
    worst = _first_largest(normal, grid)
    stretches = tuple(_stretches(troubles, form, grid))
    count = sum(ball is not None for ball in truth.balls)
    place = float(grid[worst]) if normal[worst] else 0.0
    low = float(np.max(known[tiny], initial=0.0))
    return FormAccuracy(name, order, float(normal[worst]), place, low, stretches, infinite, count)


def _is_tiny(ball: Any, dtype: str) -> bool:
    return bool(abs(ball) < flint.arb(float(np.finfo(dtype).smallest_normal)))


def _first_largest(errors: NDArray[Any], grid: NDArray[Any]) -> int:
    """Where the largest error is, of several places the one nearest to zero."""
    places = np.flatnonzero(errors == errors.max())
    return int(places[np.argmin(np.abs(grid[places]))])


def _compared(got: float, ball: Any, ulp: Any, dtype: str) -> tuple[Trouble | None, float]:
    info = np.finfo(dtype)
    overflows = bool(abs(ball) >= flint.arb(float(info.max)) + ulp / 2)
    if np.isnan(got):
        return "nan", np.nan
    if np.isinf(got):
        return (None if overflows and (got > 0) == bool(ball > 0) else "infinite"), np.nan
    error = float((abs(flint.arb(got) - ball) / ulp).mid())
    lost = error >= 2.0**info.nmant and not _is_tiny(ball, dtype)
    return ("no digit right" if lost else None), error


def _at_infinity(form: Form, dtype: Any) -> tuple[str, ...]:
    ends = np.asarray([-np.inf, np.inf], dtype)
    found = np.broadcast_to(np.asarray(form(ends)), ends.shape)
    return tuple(f"nan at {x:g}" for x, value in zip(ends, found, strict=True) if np.isnan(value))


def _stretches(troubles: Sequence[Trouble | None], form: Form, grid: NDArray[Any]) -> Iterator[Stretch]:
    """Runs of points with one trouble; the ends of NaN and infinities are found to the float."""
    start = 0
    for k in range(1, len(troubles) + 1):
        if k < len(troubles) and troubles[k] == troubles[start]:
            continue
        trouble = troubles[start]
        if trouble is not None:
            low, high = grid[start], grid[k - 1]
            if trouble != "no digit right":
                low = _edge(form, grid[start - 1], low) if start else low
                high = _edge(form, grid[k], high) if k < len(grid) else high
            yield Stretch(trouble, float(low), float(high))
        start = k


def _edge(form: Form, good: Any, bad: Any) -> Any:
    """The float nearest to a good point at which a form is not finite."""
    dtype = good.dtype
    for _ in range(80):
        middle = ((good.astype(np.longdouble) + bad.astype(np.longdouble)) / 2).astype(dtype)
        if middle in (good, bad):
            break
        with np.errstate(all="ignore"):
            finite = bool(np.all(np.isfinite(form(np.asarray([middle], dtype)))))
        good, bad = (middle, bad) if finite else (good, middle)
    return bad
