"""What is the length of an axis? An int, or a positive SymPy integer such as ``n`` or ``h*dh``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeAlias

import sympy as sp

from symdiff.errors import ShapeError, explain

Size: TypeAlias = int | sp.Expr
Shape: TypeAlias = tuple[Size, ...]

_TOKEN = re.compile(r"(?:\d+|[A-Za-z_]\w*)(?:\*(?:\d+|[A-Za-z_]\w*))*\Z")


@cache
def symbol(name: str) -> sp.Symbol:
    """The size symbol of that name: a positive integer."""
    return sp.Symbol(name, integer=True, positive=True)


def normal(value: Size) -> Size:
    """Ints stay ints, SymPy integers become ints, other expressions are expanded."""
    if isinstance(value, int):
        return value
    value = sp.expand(value)
    return int(value) if value.is_Integer else value


def parse_shape(text: str) -> Shape:
    """Read ``"n h*dh 3"``: sizes separated by blanks, each a product of names and numbers.

    >>> parse_shape("n h*dh 3")
    (n, dh*h, 3)
    """
    return tuple(_parse_size(token, text) for token in text.replace(",", " ").split())


def _parse_size(token: str, text: str) -> Size:
    if not _TOKEN.match(token):
        raise ShapeError(
            explain(f"shape {text!r}", {"size": token}, "Write names, numbers and products: 'n h*dh 3'.")
        )
    factors = [int(f) if f.isdigit() else symbol(f) for f in token.split("*")]
    return product(factors)


def product(sizes: Iterable[Size]) -> Size:
    """The number of entries of a shape; 1 for a scalar."""
    total: Size = 1
    for size in sizes:
        total = total * size
    return normal(total)


def same(left: Size, right: Size) -> bool:
    """Whether two sizes are equal for every value of their symbols."""
    if isinstance(left, int) and isinstance(right, int):
        return left == right
    return bool(sp.expand(left - right) == 0)


def same_shape(left: Shape, right: Shape) -> bool:
    """Whether two shapes are equal for every value of their symbols."""
    return left == right or (len(left) == len(right) and all(map(same, left, right)))


def is_concrete(shape: Shape) -> bool:
    """Whether every size is a number."""
    return all(isinstance(size, int) for size in shape)


def concrete(shape: Shape, what: str) -> tuple[int, ...]:
    """The shape as ints, or an error that says who needs numbers."""
    if not is_concrete(shape):
        raise ShapeError(explain(what, {"shape": text(shape)}, "Give arrays, or numbers for these sizes."))
    return tuple(int(size) for size in shape)


def substitute(size: Size, values: Mapping[sp.Symbol, int]) -> Size:
    """Replace size symbols by numbers."""
    return size if isinstance(size, int) else normal(size.subs(values))


def symbols_of(shape: Shape) -> set[sp.Symbol]:
    """The size symbols that occur in a shape."""
    return {s for size in shape if not isinstance(size, int) for s in size.free_symbols}


def text(shape: Shape) -> str:
    """A shape for messages: ``(n, dh*h)``.

    >>> text((2,)), text(())
    ('(2,)', '()')
    """
    inner = ", ".join(map(str, shape))
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
