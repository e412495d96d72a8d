"""Which node of a graph does a formula stand for? Its tree is walked over tensors that stand for the quantities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias, assert_never, cast

import numpy as np

from symdiff.doors.lifting import lift
from symdiff.doors.recording import Recording
from symdiff.doors.tensors import Tensor
from symdiff.doors.traced import FLOAT
from symdiff.errors import SymdiffError
from symdiff.exercises.functions import FUNCTIONS
from symdiff.exercises.trees import Binary, Call, Entry, Formula, Indicator, Name, Negative, Number, Turned
from symdiff.exercises.unreadable import Unreadable

_MOST_BITS, _HIGHEST = 2000, 64

Quantities: TypeAlias = Mapping[str, Tensor]


@dataclass(frozen=True)
class _Value:
    """A tensor or an exact number; ``is_row`` says that a vector was transposed, ``degree`` how high powers are."""

    held: Any
    is_row: bool = False
    degree: int = 1

    @property
    def axes(self) -> int:
        return self.held.ndim if isinstance(self.held, Tensor) else 0

    @property
    def is_number(self) -> bool:
        return isinstance(self.held, Fraction)


def interpret(formula: Formula, quantities: Quantities, recording: Recording) -> Tensor:
    """The tensor of a formula over tensors that stand for the quantities.

    Raises Unreadable where shapes do not fit or a number grows too large.
    """
    try:
        return _Walk(quantities, recording).tensor(_Walk(quantities, recording).value(formula))
    except (SymdiffError, ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(_first_fact(error)) from None


def _first_fact(error: Exception) -> str:
    """The error in one line: what disagrees, without the call, which is not the student's."""
    facts = [line.strip() for line in str(error).splitlines()[1:] if "=" in line]
    shown = [fact for fact in facts if not fact.startswith(("line=", "call="))]
    return "; ".join(shown) or f"it has no value: {str(error).splitlines()[0] if str(error) else 'undefined'}"


class _Walk:
    """One formula over some quantities."""

    def __init__(self, quantities: Quantities, recording: Recording) -> None:
        self.quantities, self.recording = quantities, recording

    def tensor(self, value: _Value) -> Tensor:
        """The tensor of a value; exact numbers become constants of the graph."""
        held = value.held
        return Tensor(self.recording, lift(self.recording, held), FLOAT) if value.is_number else held

    def value(self, formula: Formula) -> _Value:
        """What a tree stands for."""
        match formula:
            case Number(value):
                return _Value(value)
            case Name(name):
                return _Value(self.quantities[name] if name in self.quantities else self.constant(name))
            case Negative(operand):
                inner = self.value(operand)
                return _Value(-inner.held, inner.is_row, inner.degree)
            case Turned(operand):
                return _turned(self.value(operand))
            case Entry(operand, places):
                array = self.value(operand)
                if array.axes < len(places):
                    raise Unreadable(f"it has {array.axes} axes, not {len(places)}")
                return _Value(array.held[places], degree=array.degree)
            case Indicator(condition):
                if not (isinstance(condition, Binary) and condition.operator in _COMPARISONS):
                    raise Unreadable("square brackets hold a comparison, as in [z > 0]")
                return _Value(np.where(self.value(condition).held, 1, 0))
            case Binary("**", Name("e"), right) if "e" not in self.quantities:
                return _Value(np.exp(self.tensor(self.value(right))))
            case Binary(operator, left, right):
                return self.binary(operator, self.value(left), self.value(right))
            case Call(function, arguments, options):
                return self.called(function, [self.value(a) for a in arguments], dict(options))
        assert_never(formula)

    def constant(self, name: str) -> Tensor:
        """``e`` and ``pi``."""
        if name == "e":
            return cast(Tensor, np.exp(self.tensor(_Value(Fraction(1)))))
        return cast(Tensor, self.tensor(_Value(Fraction(1))) * np.pi)

    def called(self, function: str, arguments: list[_Value], options: dict[str, int]) -> _Value:
        """A function of the table; ``axis`` and ``keepdims`` where it reduces one array."""
        known = FUNCTIONS[function]
        if options and not (known.over_axes and len(arguments) == 1):
            raise Unreadable(f"{function} takes no axis")
        given = {key: bool(value) if key == "keepdims" else value for key, value in options.items()}
        degree = max(a.degree for a in arguments)
        return _Value(known.apply(*(self.tensor(a) for a in arguments), **given), degree=degree)

    def binary(self, operator: str, left: _Value, right: _Value) -> _Value:
        """Two values joined; two numbers stay an exact number."""
        if operator in _COMPARISONS:
            return _Value(_COMPARISONS[operator](self.tensor(left), self.tensor(right)))
        if operator == "**":
            return self.power(left, right)
        return _joined(operator, left, right)

    def power(self, left: _Value, right: _Value) -> _Value:
        """Whole and broken exponents within limits, or any quantity as exponent."""
        if not right.is_number:
            return _Value(self.tensor(left) ** right.held)
        exponent = right.held
        if abs(exponent.numerator) > _HIGHEST or exponent.denominator > _HIGHEST:
            raise Unreadable(f"the exponent is beyond {_HIGHEST}")
        degree = left.degree * max(1, abs(exponent.numerator))
        if degree > _HIGHEST:
            raise Unreadable(f"powers of powers are beyond {_HIGHEST}")
        whole = exponent.numerator if exponent.denominator == 1 else None
        if left.is_number and whole is not None:
            _require_bits(_bits(left) * abs(whole))
            return _Value(left.held**whole)
        return _Value(self.tensor(left) ** (exponent if whole is None else whole), degree=degree)


def _turned(value: _Value) -> _Value:
    if value.axes > 2:
        raise Unreadable("only matrices and vectors can be transposed")
    return _Value(value.held.T if value.axes == 2 else value.held, not value.is_row and value.axes == 1)


# Operators --------------------------------------------------------------------------------------------------


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    ">": lambda x, y: x > y,
    "<": lambda x, y: x < y,
    ">=": lambda x, y: x >= y,
    "<=": lambda x, y: x <= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
}
_PLAIN: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
}


def _joined(operator: str, left: _Value, right: _Value) -> _Value:
    if operator == "@":
        return _matrices(left, right)
    if operator == " ":
        return _side_by_side(left, right)
    if operator in "+-" and left.is_row != right.is_row and left.axes == right.axes == 1:
        raise Unreadable("a row and a column are added")
    if left.is_number and right.is_number:
        _require_bits(_bits(left) + _bits(right))
    is_row = (left.is_row or right.is_row) and max(left.axes, right.axes) == 1
    return _Value(_PLAIN[operator](left.held, right.held), is_row, max(left.degree, right.degree))


def _side_by_side(left: _Value, right: _Value) -> _Value:
    """A product that is not ambiguous: with a number, or of a row or a transposed column."""
    if left.axes == 0 or right.axes == 0:
        return _joined("*", left, right)
    if left.is_row or right.is_row or (left.axes == 2 and right.axes < 3):
        return _matrices(left, right)
    raise Unreadable("write @ for a matrix product, * for a product entry by entry, outer(a, b) or dot(a, b)")


def _matrices(left: _Value, right: _Value) -> _Value:
    """``a b^T`` of two vectors is the outer product, ``a^T b`` their dot product."""
    if left.axes == right.axes == 1 and right.is_row and not left.is_row:
        return _Value(np.outer(left.held, right.held))
    product = left.held @ right.held
    return _Value(product, left.is_row and right.axes == 2, max(left.degree, right.degree))


def _bits(value: _Value) -> int:
    return int(value.held.numerator.bit_length() + value.held.denominator.bit_length())


def _require_bits(bits: int) -> None:
    if bits > _MOST_BITS:
        raise Unreadable("a number in it is too large")
