"""Which derivatives has a graph, number by number? Every operation on balls is written on a tape and run backward.

Nothing here knows the rules of calculus.py: slopes of elementary functions are coefficients of FLINT's power series.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import factorial
from typing import Any

import flint

from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import READ_BALLS, Arithmetic, Function
from symdiff.evaluation.exact import Objects, objects_of

Edges = tuple[tuple[int, Any], ...]
_ONE = flint.arb(1)


class Tape:
    """What was computed: for each number those that it was made of, and its slope by each."""

    def __init__(self) -> None:
        self.edges: list[Edges] = []

    def number(self, value: Any, edges: Edges = ()) -> Number:
        """A new number; without edges a variable."""
        self.edges.append(edges)
        return Number(self, len(self.edges) - 1, value)

    def variables(self, balls: Objects) -> Objects:
        """An array of variables with these values."""
        return objects_of([self.number(_value(ball)) for ball in balls.ravel()], balls.shape)

    def copies(self, array: Objects) -> Objects:
        """The same numbers under places of their own, so that what flows through this array is told apart."""
        made = [
            self.number(_value(x), ((x.place, None),) if isinstance(x, Number) else ()) for x in array.ravel()
        ]
        return objects_of(made, array.shape)

    def adjoints(self, outputs: Objects, seeds: Objects) -> Callable[[Objects], Objects]:
        """The derivatives of ``sum(seeds * outputs)`` by arrays of earlier numbers; constants have the derivative 0."""
        bars: list[Any] = [None] * len(self.edges)
        for output, seed in zip(outputs.ravel(), seeds.ravel(), strict=True):
            if isinstance(output, Number):
                bars[output.place] = _sum(bars[output.place], seed)
        for place in range(len(bars) - 1, -1, -1):
            bar = bars[place]
            if bar is not None:
                for source, slope in self.edges[place]:
                    bars[source] = _sum(bars[source], bar if slope is None else bar * slope)
        zero = flint.arb(0)

        def read(array: Objects) -> Objects:
            found = [(bars[x.place] if isinstance(x, Number) else None) for x in array.ravel()]
            return objects_of([zero if bar is None else bar for bar in found], array.shape)

        return read


def values_of(array: Objects) -> Objects:
    """The balls of an array of numbers."""
    return objects_of([_value(x) for x in array.ravel()], array.shape)


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Number) else x


def _sum(bar: Any, share: Any) -> Any:
    return share if bar is None else bar + share


class Number:
    """A ball on a tape."""

    __slots__ = ("place", "tape", "value")

    def __init__(self, tape: Tape, place: int, value: Any) -> None:
        self.tape, self.place, self.value = tape, place, value

    def _made(self, value: Any, *edges: tuple[Any, Any]) -> Number:
        return self.tape.number(value, tuple((x.place, slope) for x, slope in edges if isinstance(x, Number)))

    def __add__(self, other: Any) -> Any:
        return self._made(self.value + _value(other), (self, None), (other, None))

    __radd__ = __add__

    def __neg__(self) -> Any:
        return self._made(-self.value, (self, -_ONE))

    def __sub__(self, other: Any) -> Any:
        if other is self:
            return flint.arb(0)
        return self._made(self.value - _value(other), (self, None), (other, -_ONE))

    def __rsub__(self, other: Any) -> Any:
        return self._made(other - self.value, (self, -_ONE))

    def __mul__(self, other: Any) -> Any:
        right = _value(other)
        return self._made(self.value * right, (self, right), (other, self.value))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        below = _value(other)
        whole = self.value / below
        return self._made(whole, (self, 1 / below), (other, -whole / below))

    def __rtruediv__(self, other: Any) -> Any:
        whole = other / self.value
        return self._made(whole, (self, -whole / self.value))


# Slopes of elementary functions: the second coefficient of a power series ------------------------------------


def _line(x: Any, length: int = 2) -> Any:
    return flint.arb_series([x, 1], prec=length)


def _coefficient(series: Any, k: int = 1) -> Any:
    found = series.coeffs()
    return found[k] if k < len(found) else flint.arb(0)


def _own(name: str) -> Function:
    return lambda x: getattr(x, name)()


def _hyperbolic(combine: Callable[[Any, Any], Any]) -> Function:
    def series(x: Any) -> Any:
        up = x.exp()
        return combine(up, 1 / up)

    return series


_SERIES: dict[str, Function] = {
    **{name: _own(name) for name in ("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sqrt")},
    **{name: _own(name) for name in ("erf", "erfc", "erfi", "gamma")},
    "loggamma": _own("lgamma"),
    "cot": lambda x: x.cos() / x.sin(),
    "sec": lambda x: 1 / x.cos(),
    "csc": lambda x: 1 / x.sin(),
    "sinh": _hyperbolic(lambda up, down: (up - down) / 2),
    "cosh": _hyperbolic(lambda up, down: (up + down) / 2),
    "tanh": _hyperbolic(lambda up, down: (up - down) / (up + down)),
    "coth": _hyperbolic(lambda up, down: (up + down) / (up - down)),
    "sech": _hyperbolic(lambda up, down: 2 / (up + down)),
    "csch": _hyperbolic(lambda up, down: 2 / (up - down)),
    "asinh": lambda x: (x + (x * x + 1).sqrt()).log(),
    "acosh": lambda x: (x + (x * x - 1).sqrt()).log(),
    "atanh": lambda x: ((1 + x) / (1 - x)).log() / 2,
}


def _unary(name: str, series: Function) -> Function:
    value = READ_BALLS.functions[name]

    def function(x: Any) -> Any:
        if not isinstance(x, Number):
            return value(x)
        return x._made(value(x.value), (x, _coefficient(series(_line(x.value)))))

    return function


def _polygamma(order: Any, x: Any) -> Any:
    """The derivatives of log gamma, all from one series of it."""
    value = READ_BALLS.functions["polygamma"]
    if not isinstance(x, Number):
        return value(order, x)
    n = int(order.unique_fmpz()) if isinstance(order, flint.arb) else int(order)
    slope = _coefficient(_line(x.value, n + 3).lgamma(), n + 2) * factorial(n + 2)
    return x._made(value(order, x.value), (x, slope))


def _digamma(x: Any) -> Any:
    return READ_BALLS.functions["digamma"](x) if not isinstance(x, Number) else _polygamma(0, x)


def _atan2(y: Any, x: Any) -> Any:
    over, under = _value(y), _value(x)
    value, square = READ_BALLS.functions["atan2"](over, under), over * over + under * under
    known = next((v for v in (y, x) if isinstance(v, Number)), None)
    return value if known is None else known._made(value, (y, under / square), (x, -over / square))


def _root_power(x: Any, p: int, q: int) -> Any:
    power = READ_BALLS.functions["root_power"]
    if not isinstance(x, Number):
        return power(x, p, q)
    return x._made(power(x.value, p, q), (x, power(x.value, p - q, q) * p / q))


def _power(x: Any, y: Any) -> Any:
    if not isinstance(x, Number) and not isinstance(y, Number):
        return READ_BALLS.functions["power"](x, y)
    return _FUNCTIONS["exp"](y * _FUNCTIONS["log"](x))


def _absolute(x: Any) -> Any:
    if not isinstance(x, Number):
        return abs(x)
    return x if _greater(x, flint.arb(0)) else -x


def _floor(x: Any) -> Any:
    found = READ_BALLS.functions["floor"](_value(x))
    if isinstance(x, Number) and not found < x.value:
        raise Undetermined(f"floor({x.value}): a jump")
    return found


_FUNCTIONS: dict[str, Function] = {
    **READ_BALLS.functions,
    **{name: _unary(name, series) for name, series in _SERIES.items()},
    "polygamma": _polygamma,
    "digamma": _digamma,
    "atan2": _atan2,
    "root_power": _root_power,
    "power": _power,
    "Abs": _absolute,
    "floor": _floor,
}


# Comparisons: strict, so that no kink is stood on; or by convention, where every point is one ----------------


def _greater(left: Any, right: Any) -> bool:
    if left is right:
        return False
    one, other = _value(left), _value(right)
    if (one is left and other is right) or one > other or one < other:
        return READ_BALLS.greater(one, other)
    raise Undetermined(f"{one} > {other}: a kink")


def _equal(left: Any, right: Any) -> bool:
    if left is right:
        return True
    one, other = _value(left), _value(right)
    if (one is left and other is right) or one > other or one < other:
        return READ_BALLS.equal(one, other)
    raise Undetermined(f"{one} == {other}: a kink")


class _Sharing(Arithmetic):
    """Ties of a maximum share its slope."""

    def largest(self, values: Sequence[Any]) -> Any:
        best = super().largest(values)
        winners = [v for v in values if v is best or self.equal(v, best)]
        if len(winners) == 1 or not isinstance(best, Number):
            return best
        share = flint.arb(1) / len(winners)
        return best._made(best.value, *((winner, share) for winner in winners))


TAPED = Arithmetic("taped balls", READ_BALLS.number, READ_BALLS.literal, _FUNCTIONS, _greater, _equal)
CONVENTIONAL = _Sharing(
    "taped balls, ties by convention",
    READ_BALLS.number,
    READ_BALLS.literal,
    _FUNCTIONS,
    lambda a, b: a is not b and READ_BALLS.greater(_value(a), _value(b)),
    lambda a, b: a is b or READ_BALLS.equal(_value(a), _value(b)),
)
