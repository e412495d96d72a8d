"""What can a formula on a sheet say? Eight kinds of node; none of them can do anything but arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias


@dataclass(frozen=True)
class Number:
    """An exact number: ``0.1`` is one tenth."""

    value: Fraction


@dataclass(frozen=True)
class Name:
    """A quantity, or a constant (``pi``, ``e``)."""

    name: str


@dataclass(frozen=True)
class Negative:
    """``-x``."""

    operand: Formula


@dataclass(frozen=True)
class Turned:
    """A transposed matrix, or a column as a row: ``W.T``."""

    operand: Formula


@dataclass(frozen=True)
class Entry:
    """``w[0]``, ``W[0, 1]``: entries of an array, counted from 0."""

    operand: Formula
    places: tuple[int, ...]


@dataclass(frozen=True)
class Binary:
    """``+ - * / ** @``, a blank or a dot between two factors (``" "``), or a comparison."""

    operator: str
    left: Formula
    right: Formula


@dataclass(frozen=True)
class Indicator:
    """``[z > 0]``: 1 where it holds, else 0."""

    condition: Formula


@dataclass(frozen=True)
class Call:
    """One of the known functions; ``options`` are whole numbers by name (``axis=0``)."""

    function: str
    arguments: tuple[Formula, ...]
    options: tuple[tuple[str, int], ...] = ()


Formula: TypeAlias = Number | Name | Negative | Turned | Entry | Binary | Indicator | Call


def names(formula: Formula) -> Iterator[str]:
    """The names in a formula, from left to right."""
    match formula:
        case Name(name):
            yield name
        case Negative(operand) | Turned(operand) | Entry(operand) | Indicator(operand):
            yield from names(operand)
        case Binary(_, left, right):
            yield from names(left)
            yield from names(right)
        case Call(_, arguments):
            for argument in arguments:
                yield from names(argument)
