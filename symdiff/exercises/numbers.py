"""Which number did a student write, and how exactly? Decimals, fractions, and arrays of them; nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from symdiff.exercises.tokens import plain
from symdiff.exercises.unreadable import Unreadable

LONGEST = 20_000
_LONGEST_NUMBER, _DEEPEST, _LARGEST = 60, 8, 300
_DECIMAL = re.compile(
    r"(?P<sign>[-+]?)\s*(?P<digits>[0-9]+(?:\.(?P<after>[0-9]*))?|\.(?P<only>[0-9]+))"
    r"(?:[eE](?P<e>[-+]?[0-9]{1,4})|\s*[*×x]\s*10\s*(?:\^|\*\*)\s*\(?(?P<ten>[-+]?[0-9]{1,4})\)?)?"
)
_FRACTION = re.compile(r"(?P<sign>[-+]?)\s*(?P<over>[0-9]+)\s*/\s*(?P<under>[0-9]+)")
_EMPTY = re.compile(r"[_.…?\s]*")
_PIECE = re.compile(r"\s*([\[\],]|[^\[\],]+)")


@dataclass(frozen=True)
class Written:
    """A number, and half a unit of its last written digit: 0 for a fraction, which is exact."""

    value: Fraction
    half: Fraction


Cell: TypeAlias = Written | None  # None where nothing is written


def is_empty(text: str) -> bool:
    """Whether a cell, or an entry of one, holds nothing but lines and dots to write on.

    >>> is_empty("____"), is_empty(" ... "), is_empty("0")
    (True, True, False)
    """
    return _EMPTY.fullmatch(text) is not None


def number(text: str) -> Written:
    """One number: ``-0.0129``, ``-1.29e-2``, ``-1.29 * 10^-2``, ``-3/7``.

    >>> number("-0.0129")
    Written(value=Fraction(-129, 10000), half=Fraction(1, 20000))
    """
    shown = plain(text).strip().strip("_").lstrip("=≈~ ").strip()
    if len(shown) > _LONGEST_NUMBER:
        raise Unreadable(f"the number {shown[:12]}... has {len(shown)} characters")
    fraction = _FRACTION.fullmatch(shown)
    if fraction is not None:
        if int(fraction["under"]) == 0:
            raise Unreadable("it divides by zero")
        size = Fraction(int(fraction["over"]), int(fraction["under"]))
        return Written(-size if fraction["sign"] == "-" else size, Fraction(0))
    decimal = _DECIMAL.fullmatch(shown)
    if decimal is None:
        raise Unreadable(_reason(shown))
    power = int(decimal["e"] or decimal["ten"] or 0)
    if abs(power) > _LARGEST:
        raise Unreadable(f"the exponent {power} is too large")
    places = len(decimal["after"] or decimal["only"] or "")
    size = Fraction(decimal["digits"]) * Fraction(10) ** power
    return Written(-size if decimal["sign"] == "-" else size, Fraction(10) ** (power - places) / 2)


def _reason(text: str) -> str:
    if re.fullmatch(r"[-+]?[0-9]+,[0-9]+", text):
        return f"{text} has a comma: write a decimal point, and arrays in brackets"
    return f"{text[:20]!r} is no number: write 0.0123, 1.23e-2 or 3/7"


def value(text: str) -> Any:
    """A number, or an array of them, as an object array; entries where nothing is written are None.

    >>> value("[1, [2]]")
    Traceback (most recent call last):
    symdiff.exercises.unreadable.Unreadable: its rows have different lengths
    """
    if len(text) > LONGEST:
        raise Unreadable(f"it has {len(text)} characters")
    nested = _nested(text.strip())
    result = np.empty(_shape(nested), dtype=object)
    flat = list(_flat(nested))
    for place, entry in zip(np.ndindex(result.shape), flat, strict=True):
        result[place] = None if is_empty(entry) else number(entry)
    return result


# Brackets ---------------------------------------------------------------------------------------------------

_Nested: TypeAlias = "str | list[_Nested]"


def _nested(text: str) -> _Nested:
    """Lists of texts as the brackets say; blanks part entries as well as commas, as NumPy prints them."""
    if not text.startswith("["):
        return text
    stack: list[list[_Nested]] = [[]]
    for piece in (found[1] for found in _PIECE.finditer(text)):
        if piece == "[":
            stack.append([])
            if len(stack) > _DEEPEST:
                raise Unreadable(f"brackets are nested more than {_DEEPEST} deep")
        elif piece == "]":
            done = stack.pop()
            if not stack:
                raise Unreadable("a bracket is closed that was not opened")
            stack[-1].append(done)
        elif piece != ",":
            stack[-1] += _entries(piece)
    if len(stack) != 1 or len(stack[0]) != 1:
        raise Unreadable("brackets do not match" if len(stack) != 1 else "there is something after the array")
    return stack[0][0]


def _entries(piece: str) -> list[_Nested]:
    """One entry, or several parted by blanks where each of them is a number on its own."""
    words = piece.split()
    several = len(words) > 1 and all(is_empty(w) or _DECIMAL.fullmatch(plain(w)) for w in words)
    return [*words] if several else [piece.strip()] if words else []


def _shape(nested: _Nested) -> tuple[int, ...]:
    if isinstance(nested, str):
        return ()
    shapes = {_shape(part) for part in nested}
    if len(shapes) > 1:
        raise Unreadable("its rows have different lengths")
    return (len(nested), *(shapes.pop() if shapes else ()))


def _flat(nested: _Nested) -> Iterator[str]:
    if isinstance(nested, str):
        yield nested
        return
    for part in nested:
        yield from _flat(part)
