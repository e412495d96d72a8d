"""What does a graph take on a whole interval, also one without an end? Enclosures from the values at the ends.

Ends are exact numbers of the ball library, rounded outwards; 0 times an infinite end is 0, as in IEEE 1788.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile
from typing import Any

import flint

from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import Arithmetic, compiled
from symdiff.ir import literals

ZERO, INFINITY = flint.arb(0), flint.arb("inf")
FAR = flint.arb(2**60)


@dataclass(frozen=True)
class Interval:
    """All numbers from ``low`` to ``high``, which may be infinite."""

    low: Any
    high: Any

    def __add__(self, other: Interval) -> Interval:
        return Interval(_down(self.low + other.low), _up(self.high + other.high))

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Interval) -> Interval:
        return self + -other

    def __mul__(self, other: Interval) -> Interval:
        ends = [_times(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(_least(map(_down, ends)), _greatest(map(_up, ends)))

    def __abs__(self) -> Interval:
        if self.low >= 0:
            return self
        return -self if self.high <= 0 else Interval(ZERO, _greatest([-self.low, self.high]))

    def __int__(self) -> int:
        return int((self.low if self.low == self.high else flint.arb("nan")).unique_fmpz())

    @property
    def text(self) -> str:
        """The interval to some digits."""
        return f"[{self.low.str(12, radius=False)}, {self.high.str(12, radius=False)}]"

    @property
    def digits(self) -> str:
        """The decimal digits that all its numbers share, at most 20.

        >>> Interval(flint.arb("0.12345"), flint.arb("0.12347")).digits
        '0.1234...'
        """
        texts = (end.str(26, radius=False)[:22] for end in (self.low, self.high))
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(*texts, strict=False))
        return "".join(a for a, _ in alike) + "..."


WHOLE = Interval(-INFINITY, INFINITY)


def interval(low: Fraction | None, high: Fraction | None) -> Interval:
    """Between two exact numbers; None is infinite."""
    return Interval(
        -INFINITY if low is None else _down(_ball(low)), INFINITY if high is None else _up(_ball(high))
    )


def _ball(value: Fraction) -> Any:
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def _down(end: Any) -> Any:
    return -INFINITY if end.is_nan() else end.lower()


def _up(end: Any) -> Any:
    return INFINITY if end.is_nan() else end.upper()


def _times(a: Any, b: Any) -> Any:
    return ZERO if a.is_zero() or b.is_zero() else a * b


def _least(ends: Any) -> Any:
    return min(ends, key=_Ordered)


def _greatest(ends: Any) -> Any:
    return max(ends, key=_Ordered)


class _Ordered:
    """Exact ends can always be compared."""

    def __init__(self, end: Any) -> None:
        self.end = end

    def __lt__(self, other: _Ordered) -> bool:
        return bool(self.end < other.end)


def _reciprocal(x: Interval) -> Interval:
    if x.low > 0 or x.high < 0:
        return Interval(_down(1 / x.high), _up(1 / x.low))
    if x.low.is_zero() and x.high > 0:
        return Interval(_down(1 / x.high), INFINITY)
    if x.high.is_zero() and x.low < 0:
        return Interval(-INFINITY, _up(1 / x.low))
    return WHOLE


def _root_power(x: Interval, p: int, q: int) -> Interval:
    if p < 0:
        return _reciprocal(_root_power(x, -p, q))
    if q != 1:
        if x.low < 0:  # no real number is its root
            return WHOLE
        x = Interval(_down(x.low.root(q)), _up(x.high if x.high == INFINITY else x.high.root(q)))
    if p % 2 == 0:
        x = abs(x)
    return Interval(_down(x.low**p), _up(x.high**p))


def _rising(method: str, below: Any, above: Any, far: Any = FAR) -> Callable[[Interval], Interval]:
    """A growing function from its values at the ends, between its limits; at a far end a ball may be all numbers."""

    def value(x: Interval) -> Interval:
        lows = [_down(getattr(end, method)()) for end in (x.low, far) if -INFINITY < end <= x.low]
        highs = [_up(getattr(end, method)()) for end in (x.high, -far) if x.high <= end < INFINITY]
        return Interval(_greatest([below, *lows]), _least([above, *highs]))

    return value


def _of_magnitude(method: str) -> Callable[[Interval], Interval]:
    rising = _rising(method, flint.arb(1), INFINITY)
    return lambda x: rising(abs(x))


_ONE = flint.arb(1)
_LOG = _rising("log", -INFINITY, INFINITY, INFINITY)


def _log(x: Interval) -> Interval:
    return WHOLE if x.low < 0 else _LOG(x)


def _erfc(x: Interval) -> Interval:
    low = ZERO if x.high == INFINITY else _greatest([_down(x.high.erfc()), ZERO])
    return Interval(low, flint.arb(2) if x.low == -INFINITY else _up(_least([x.low, FAR]).erfc()))


def _by_ball(method: str, least: Any, most: Any) -> Callable[[Interval], Interval]:
    """Any other function: from the ball around the interval, between its extremes."""

    def value(x: Interval) -> Interval:
        if not (x.low.is_finite() and x.high.is_finite()):
            return Interval(least, most)
        ball = getattr(x.low.union(x.high), method)()
        return Interval(_greatest([_down(ball), least]), _least([_up(ball), most]))

    return value


_OTHERS = (
    "tan",
    "asin",
    "acos",
    "atan",
    "asinh",
    "acosh",
    "atanh",
    "gamma",
    "digamma",
    "erfi",
    "sech",
    "csch",
)


def _constant(ball: Any) -> Interval:
    return Interval(_down(ball), _up(ball))


def _number(value: Fraction) -> Interval:
    return _constant(_ball(value))


def _literal(value: literals.Number) -> Interval:
    if not math.isfinite(value):
        return WHOLE
    read: Interval = compiled((), literals.read(value), INTERVALS)()
    return read


def _greater(left: Interval, right: Interval) -> bool:
    if left.low > right.high:
        return True
    if left.high <= right.low:
        return False
    raise Undetermined("the intervals overlap")


def _equal(left: Interval, right: Interval) -> bool:
    if left.low > right.high or left.high < right.low:
        return False
    if left.low == left.high == right.low == right.high:
        return True
    raise Undetermined("the intervals overlap")


INTERVALS = Arithmetic(
    "intervals",
    _number,
    _literal,
    {
        **{name: _by_ball(name, -INFINITY, INFINITY) for name in _OTHERS},
        **{name: _by_ball(name, -_ONE, _ONE) for name in ("sin", "cos")},
        "loggamma": _by_ball("lgamma", -INFINITY, INFINITY),
        "exp": _rising("exp", ZERO, INFINITY),
        "log": _log,
        "tanh": _rising("tanh", -_ONE, _ONE),
        "erf": _rising("erf", -_ONE, _ONE),
        "sinh": _rising("sinh", -INFINITY, INFINITY),
        "cosh": _of_magnitude("cosh"),
        "erfc": _erfc,
        "Abs": abs,
        "root_power": _root_power,
        "pi": lambda: _constant(flint.arb.pi()),
        "undefined": lambda: WHOLE,
    },
    _greater,
    _equal,
)
