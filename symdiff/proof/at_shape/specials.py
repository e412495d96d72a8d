"""Which values lie outside the ring? Infinities, for ``where(mask, s, -inf)``, and their undefined sums."""

from __future__ import annotations

from typing import Any, TypeAlias

Element: TypeAlias = Any  # a polynomial, or a Special


class Special:
    """A value outside the field: an infinity, or undefined."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __len__(self) -> int:
        return 1

    def __add__(self, other: Element) -> Special:
        if isinstance(other, Special) and other is not self:
            return UNDEFINED
        return self

    def __radd__(self, other: Element) -> Special:
        return self.__add__(other)

    def __neg__(self) -> Special:
        return OPPOSITE.get(self, UNDEFINED)

    def __sub__(self, other: Element) -> Special:
        return self.__add__(-other)

    def __rsub__(self, other: Element) -> Special:
        return self.__neg__().__add__(other)

    def __mul__(self, other: Element) -> Special:
        if isinstance(other, Special):
            return UNDEFINED
        if self is not UNDEFINED and other.is_constant() and not other.is_zero():
            return self if other.leading_coefficient() > 0 else self.__neg__()
        return UNDEFINED

    def __rmul__(self, other: Element) -> Special:
        return self.__mul__(other)


INFINITY, MINUS_INFINITY, UNDEFINED = Special("infinity"), Special("-infinity"), Special("undefined")
OPPOSITE: dict[Special, Special] = {INFINITY: MINUS_INFINITY, MINUS_INFINITY: INFINITY}
