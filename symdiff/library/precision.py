"""How many units in the last place is each form of an entry off, over the whole range of floats?

The truth is the derived graph in ball arithmetic at points of every binade, both signs; the forms run in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import flint
import numpy as np
from numpy.typing import NDArray

from symdiff.errors import InputError, explain
from symdiff.evaluation.arithmetics import working_precision
from symdiff.library.bounds import slope
from symdiff.library.cases import Case
from symdiff.library.entries import Entry
from symdiff.library.second_order import with_settings
from symdiff.library.shelves import find
from symdiff.library.slices import is_elementwise
from symdiff.library.truths import PRECISIONS, Truths, truths

Form = Callable[[NDArray[Any]], NDArray[Any]]
Trouble = Literal["nan", "infinite", "no digit right"]

CORE = (-28, 11)  # binades in which functions bend
DENSE = 20  # points of a binade there
GOLDEN = (5**0.5 - 1) / 2


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
    """Whether an entry is an activation of one argument: entry by entry, or of rows."""
    return any(_is_asked(entry, case) for case in entry.cases)


def _is_asked(entry: Entry, case: Case) -> bool:
    return is_elementwise(entry, case) or (entry.kind == "activation" and list(case.inputs.values()) == ["k"])


def accuracy(entry: Entry | str, dtype: str = "float64") -> tuple[FormAccuracy, ...]:
    """The largest error of each form of an activation, of its function and of its derivatives, in a dtype.

    At zeros, subnormal numbers, and points of every binade of both signs; kinks are left out of derivatives. Of rows it
    is the first of two logits that moves, the other being 0. One ULP is the distance of the floats around the true
    value. Raises InputError for an entry of several arguments.

    >>> textbook = next(row for row in accuracy("sigmoid", "float32") if (row.form, row.order) == ("textbook", 1))
    >>> textbook.stretches[0].trouble
    'nan'
    """
    entry = find(entry) if isinstance(entry, str) else entry
    if dtype not in ("float64", "float32") or not has_accuracy(entry):
        facts: dict[str, object] = {"entry": entry.name, "dtype": dtype}
        raise InputError(
            explain("accuracy", facts, "Ask for an activation of one argument, in float64 or float32.")
        )
    case = next(case for case in entry.cases if _is_asked(entry, case))
    view = _ENTRYWISE if is_elementwise(entry, case) else _OF_ROWS
    functions = [with_settings(fn, case.settings) for fn in (entry.fn, *entry.forms.values())]
    grid = points(dtype)
    rows = []
    for order in range(3):
        graphs = [slope(partial(_of_number, fn, view), order) for fn in functions]
        truth = truths(graphs, grid, dtype, skip_kinks=order > 0 and bool(entry.kinks))
        forms = _forms(entry, case.settings, order, view)
        rows += [_measured(name, order, form, grid, truth) for name, form in forms]
    return tuple(rows)


@dataclass(frozen=True)
class View:
    """How a number becomes an input, the cotangent that asks for one output, and that output."""

    lift: Callable[[Any], Any]
    unit: Callable[[Any], Any]
    take: Callable[[Any], Any]


_ENTRYWISE = View(lambda x: x, np.ones_like, lambda y: y)
_OF_ROWS = View(  # the first of two logits, the other 0
    lambda x: np.stack([x, 0 * x], axis=-1),
    lambda rows: np.stack([np.ones_like(rows[..., 0]), np.zeros_like(rows[..., 0])], axis=-1),
    lambda rows: rows[..., 0],
)


def _of_number(fn: Callable[[Any], Any], view: View, x: Any) -> Any:
    return view.take(fn(view.lift(x)))


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


def _forms(entry: Entry, settings: Any, order: int, view: View) -> Iterator[tuple[str, Form]]:
    """The forms of one order as functions of x alone."""
    if order == 0:
        for name, fn in {entry.name: entry.fn, **entry.forms}.items():
            yield name, partial(_of_number, with_settings(fn, settings), view)
    for claim in entry.claims:
        if claim.order == order:
            told = with_settings(claim.claim, settings)
            yield claim.label or claim.name, partial(_of_claim, told, view, order)


def _of_claim(claim: Any, view: View, order: int, x: NDArray[Any]) -> Any:
    rows = view.lift(x)
    return view.take(claim(rows, *[view.unit(rows)] * order))


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
