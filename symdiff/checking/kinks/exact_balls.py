"""Is ``x - 1/10`` zero at one tenth? Balls that remember the fraction they stand for, where there is one.

A ball holds binary fractions exactly and others nearly: ties at decimals, which no ball shows, are met with these.
Float literals are the numbers that they are read as.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import flint

from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import BALLS, Arithmetic, compiled
from symdiff.evaluation.exact import Objects, evaluate, lift
from symdiff.ir import literals
from symdiff.ir.graph import Node, Store

_LARGEST = 40  # the largest power of a fraction that is kept


class ExactBall:
    """A ball, and the fraction that it stands for if that is known; otherwise it answers as the ball."""

    __slots__ = ("ball", "value")

    def __init__(self, ball: Any, value: flint.fmpq | None = None) -> None:
        self.ball = ball if value is None else flint.arb(value)
        self.value = value

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ball, name)

    def __add__(self, other: Any) -> ExactBall:
        return _combined(operator.add, self, other)

    def __radd__(self, other: Any) -> ExactBall:
        return _combined(operator.add, other, self)

    def __sub__(self, other: Any) -> ExactBall:
        return _combined(operator.sub, self, other)

    def __rsub__(self, other: Any) -> ExactBall:
        return _combined(operator.sub, other, self)

    def __mul__(self, other: Any) -> ExactBall:
        return _combined(operator.mul, self, other)

    def __rmul__(self, other: Any) -> ExactBall:
        return _combined(operator.mul, other, self)

    def __truediv__(self, other: Any) -> ExactBall:
        return _combined(operator.truediv, self, other)

    def __rtruediv__(self, other: Any) -> ExactBall:
        return _combined(operator.truediv, other, self)

    def __neg__(self) -> ExactBall:
        return ExactBall(-self.ball, None if self.value is None else -self.value)

    def union(self, other: Any) -> ExactBall:
        """The least ball that holds both."""
        return ExactBall(self.ball.union(_exact(other).ball))

    def __int__(self) -> int:
        """A whole number, as a position of an array is."""
        return int(self.ball.unique_fmpz() if self.value is None else self.value)

    def __abs__(self) -> ExactBall:
        return ExactBall(abs(self.ball), None if self.value is None else abs(self.value))

    def __gt__(self, other: Any) -> bool:
        return bool(self.ball > other)

    def __lt__(self, other: Any) -> bool:
        return bool(self.ball < other)

    def __pow__(self, power: int) -> ExactBall:
        if self.value is None or abs(power) > _LARGEST or (self.value == 0 and power < 0):
            return ExactBall(self.ball**power)
        return ExactBall(None, self.value**power)


def _combined(combine: Callable[[Any, Any], Any], left: Any, right: Any) -> ExactBall:
    one, other = _exact(left), _exact(right)
    if one.value is None or other.value is None or (combine is operator.truediv and other.value == 0):
        return ExactBall(combine(one.ball, other.ball))
    return ExactBall(None, combine(one.value, other.value))


def _exact(number: Any) -> ExactBall:
    if isinstance(number, ExactBall):
        return number
    return ExactBall(None, flint.fmpq(number)) if isinstance(number, int) else ExactBall(number)


def _greater(left: ExactBall, right: ExactBall) -> bool:
    if left.value is not None and right.value is not None:
        return bool(left.value > right.value)
    return left is not right and BALLS.greater(left.ball, right.ball)


def _equal(left: ExactBall, right: ExactBall) -> bool:
    if left.value is not None and right.value is not None:
        return bool(left.value == right.value)
    return left is right or BALLS.equal(left.ball, right.ball)


def _root_power(base: ExactBall, p: int, q: int) -> ExactBall:
    if q == 1:
        return base**p
    return ExactBall(BALLS.functions["root_power"](base.ball, p, q))


def _through_balls(function: Callable[..., Any]) -> Callable[..., ExactBall]:
    def value(*numbers: Any) -> ExactBall:
        return ExactBall(function(*(x.ball if isinstance(x, ExactBall) else x for x in numbers)))

    return value


def _literal(value: literals.Number) -> ExactBall:
    if not math.isfinite(value):
        return ExactBall(flint.arb(float(value)))
    found: ExactBall = compiled((), literals.read(value), EXACT_BALLS)()
    return found


EXACT_BALLS = Arithmetic(
    "balls of fractions",
    lambda value: ExactBall(None, flint.fmpq(value.numerator, value.denominator)),
    _literal,
    {name: _through_balls(f) for name, f in BALLS.functions.items()}
    | {"root_power": _root_power, "Abs": abs},
    _greater,
    _equal,
)


def arithmetic_at(store: Store, nodes: Sequence[Node], point: Mapping[Node, Objects]) -> Arithmetic | None:
    """The arithmetic that knows some nodes at a rational point; None where a comparison is too close to call.

    Only at a point that is no array of floats: about one that is, a literal beside it may have been rounded.
    """
    found = _known_at(store, nodes, point)
    return None if found is None else found[0]


def values_at(store: Store, nodes: Sequence[Node], point: Mapping[Node, Objects]) -> list[Objects] | None:
    """Balls of some nodes at a rational point, ties at decimals included; None where a comparison is too close."""
    found = _known_at(store, nodes, point)
    return None if found is None else found[1]


def _known_at(
    store: Store, nodes: Sequence[Node], point: Mapping[Node, Objects]
) -> tuple[Arithmetic, list[Objects]] | None:
    for arithmetic in (BALLS, EXACT_BALLS):
        if arithmetic is BALLS or not is_binary(point):
            lifted = {k: lift(v, arithmetic) for k, v in point.items()}
            try:
                return arithmetic, evaluate(store, nodes, lifted, arithmetic)
            except (Undetermined, ZeroDivisionError):
                continue
    return None


def is_binary(point: Mapping[Node, Objects]) -> bool:
    """Whether every entry is a binary fraction, as floats are."""
    below = {v.denominator for values in point.values() for v in values.flat if isinstance(v, Fraction)}
    return all(n & (n - 1) == 0 for n in below)


def union(balls: Sequence[Any]) -> Any:
    """A ball that holds all of these."""
    result = balls[0]
    for ball in balls[1:]:
        result = result.union(ball)
    return result
