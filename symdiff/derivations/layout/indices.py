"""How does a name depend on an index? ``h_2, h_3, h_4`` are ``h_l``, and ``x_4, x_6, x_8`` are ``x_(2l)``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

_NUMBER = re.compile(r"(\d+)")
LETTERS = "lgcdfo"  # no letters of index notation: l is written as an ell


@dataclass(frozen=True)
class Affine:
    """``slope * index + offset``."""

    slope: int
    offset: int

    def at(self, value: int) -> int:
        """The number at one value of the index."""
        return self.slope * value + self.offset

    def of(self, other: Affine) -> Affine:
        """The same numbers by the index of which the old one is ``other``."""
        return Affine(self.slope * other.slope, self.at(other.offset))

    def text(self, letter: str) -> str:
        """``l``, ``l-1``, ``2l+1``.

        >>> Affine(1, 0).text("l"), Affine(2, -1).text("l"), Affine(-1, 12).text("l"), Affine(0, 3).text("l")
        ('l', '2l-1', '12-l', '3')
        """
        if self.slope == 0:
            return str(self.offset)
        if self.slope < 0 and self.offset > 0:
            return f"{self.offset}-{Affine(-self.slope, 0).text(letter)}"
        front = {1: letter, -1: f"-{letter}"}.get(self.slope, f"{self.slope}{letter}")
        return front if self.offset == 0 else f"{front}{self.offset:+d}"


@dataclass(frozen=True)
class Pattern:
    """A name whose numbers depend on an index: pieces of text with numbers between them."""

    pieces: tuple[str, ...]
    numbers: tuple[Affine, ...]

    def at(self, value: int) -> str:
        """The name at one value of the index."""
        told = [str(number.at(value)) for number in self.numbers]
        return "".join(a + b for a, b in zip(self.pieces, [*told, ""], strict=True))

    def of(self, other: Affine) -> Pattern:
        """The same names by the index of which the old one is ``other``."""
        return Pattern(self.pieces, tuple(number.of(other) for number in self.numbers))

    def text(self, letter: str) -> str:
        """The name with the index in it; a number that depends on it becomes a subscript.

        >>> pattern("W1", "W2").text("l"), pattern("dL_dh_8", "dL_dh_7").text("k")
        ('W_(l+1)', 'dL_dh_(8-k)')
        """
        found = self.pieces[0]
        for number, piece in zip(self.numbers, self.pieces[1:], strict=True):
            if number.slope:
                told = number.text(letter)
                is_apart = found.endswith(("_", "["))
                told = told if found.endswith("[") or told == letter else f"({told})"
                found += told if is_apart else f"_{told}"
            else:
                found += str(number.offset)
            found += piece
        return found


@cache
def numbers(name: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """A name as pieces of text and the numbers between them; numbers with leading zeros are text.

    >>> numbers("h_12"), numbers("x")
    ((('h_', ''), (12,)), (('x',), ()))
    """
    pieces, found = [""], []
    for k, part in enumerate(_NUMBER.split(name)):
        if k % 2 and (part == "0" or part[0] != "0"):
            found.append(int(part))
            pieces.append("")
        else:
            pieces[-1] += part
    return tuple(pieces), tuple(found)


def pattern(first: str, second: str) -> Pattern:
    """The names of which these are those at 0 and 1; their pieces of text must be the same."""
    pieces, start = numbers(first)
    _, following = numbers(second)
    slopes = [b - a for a, b in zip(start, following, strict=True)]
    return Pattern(pieces, tuple(Affine(s, a) for s, a in zip(slopes, start, strict=True)))


def unused(letters: str, names: Sequence[str]) -> str:
    """The first letter that no name uses.

    >>> unused("lij", ["h_l", "x"])
    'i'
    """
    used = {part for name in names for part in re.split(r"[^A-Za-z]+", name)}
    return next((letter for letter in letters if letter not in used), f"{letters[0]}{letters[0]}")
