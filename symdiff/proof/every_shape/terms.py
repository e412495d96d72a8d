"""What is a value in index notation? A sum of products of indexed atoms, with rational coefficients.

``{(((x, (0, 1)), 2),): 3}`` is ``3 x_01^2``. Sums over an index are atoms themselves, so that no term has
dummies of its own: a product of two terms is one merge of exponents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Literal, TypeAlias

from symdiff.ir.sizes import Size

Exponent: TypeAlias = int | Fraction
Labels: TypeAlias = tuple[int, ...]
Atom: TypeAlias = tuple[int, Labels]  # the number of its head, and its labels
Product: TypeAlias = dict[Atom, Exponent]
Mono: TypeAlias = tuple[tuple[Atom, Exponent], ...]
Expr: TypeAlias = dict[Mono, Fraction]
Permutation: TypeAlias = tuple[int, ...]
HeadKind: TypeAlias = Literal[
    "size", "prime", "number", "input", "array", "mask", "delta", "sum", "power", "exp", "log", "function",
    "positive", "zero", "maximum", "winner",
]  # fmt: skip

ONE: Mono = ()


class Undefined(Exception):
    """A value that exists nowhere, such as 1/0, or that the normal form does not read."""


class OverBudget(Exception):
    """Too many steps, too much time, or too many symmetric labels."""


@dataclass(eq=False, slots=True)
class Head:
    """What an atom is, up to its labels.

    ``parts`` are the arguments, over labels ``0, 1, ...``; bound labels are negative. ``name`` tells heads of
    one kind apart. ``symmetries`` are the permutations of the labels that change nothing. ``positive``: above
    zero wherever it is defined; ``clean``: analytic on a connected domain; ``degree`` orders the terms.
    """

    kind: HeadKind
    name: object
    dims: tuple[Size, ...]
    parts: tuple[Expr, ...] = ()
    symmetries: tuple[Permutation, ...] = ()
    positive: bool = False
    clean: bool = False
    degree: Exponent = 0


@dataclass(frozen=True)
class Entry:
    """The name of an array at given places of some of its axes."""

    head: int
    places: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        return f"entry {', '.join(str(place) for _, place in self.places)} of {self.head}"


def constant(value: Fraction | int) -> Expr:
    """A rational number."""
    return {ONE: Fraction(value)} if value else {}


def mono(product: Mapping[Atom, Exponent]) -> Mono:
    """The product as a key."""
    return tuple(sorted(product.items()))


def single(atom: Atom, exponent: Exponent = 1) -> Expr:
    """One atom to a power, as it stands."""
    return {((atom, exponent),): Fraction(1)}


def accumulate(into: Expr, terms: Mapping[Mono, Fraction], factor: Fraction | int = 1) -> None:
    """Add ``factor * terms`` to a sum, in place."""
    for key, coefficient in terms.items():
        value = into.get(key, 0) + coefficient * factor
        if value:
            into[key] = Fraction(value)
        else:
            into.pop(key, None)


def plus(left: Expr, right: Expr, factor: Fraction | int = 1) -> Expr:
    """``left + factor * right``."""
    result = dict(left)
    accumulate(result, right, factor)
    return result


def times_number(expr: Expr, factor: Fraction | int) -> Expr:
    """``factor * expr``."""
    return {key: coefficient * factor for key, coefficient in expr.items()} if factor else {}


def labels_of(exprs: Iterable[Expr]) -> set[int]:
    """The labels that occur."""
    return {k for expr in exprs for key in expr for (_, labels), _ in key for k in labels}


def whole(value: Exponent) -> Exponent:
    """Integers as ints."""
    return int(value) if value.denominator == 1 else value


def is_natural(value: Exponent) -> bool:
    """Whether it is 1, 2, 3, ..."""
    return value.denominator == 1 and value > 0


def scale_of(expr: Expr) -> Fraction:
    """The positive rational that makes the coefficients whole and coprime."""
    over, under = 0, 1
    for coefficient in expr.values():
        over = gcd(over, coefficient.numerator)
        under = under * coefficient.denominator // gcd(under, coefficient.denominator)
    return Fraction(over, under) if over else Fraction(1)


def as_number(expr: Expr) -> Fraction | None:
    """The rational number that it is, if it is one."""
    if not expr:
        return Fraction(0)
    return expr[ONE] if len(expr) == 1 and ONE in expr else None


def as_atom(expr: Expr) -> Atom | None:
    """The atom that it is, if it is one."""
    if len(expr) != 1:
        return None
    ((key, coefficient),) = expr.items()
    return key[0][0] if coefficient == 1 and len(key) == 1 and key[0][1] == 1 else None
