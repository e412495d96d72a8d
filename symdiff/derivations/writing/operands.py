"""Which parts of a formula are written elsewhere? Quantities, sums, indicators: symbols that know their LaTeX."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE

from symdiff.derivations.writing.places import Label

SUM = "z"  # the key of an operand that is a sum: it stands last
MARK = "i"  # the key of an operand that is 1 or 0


class Operand(sp.Dummy):  # type: ignore[misc]
    """A symbol that prints as LaTeX written elsewhere; ``precedence`` says which parentheses it needs."""

    __slots__ = ("is_array", "is_cotangent", "labels", "precedence", "summed", "write")

    def _latex(self, printer: LatexPrinter) -> str:
        return str(self.write())


def operand(
    key: str,
    write: Callable[[], str],
    precedence: int,
    *,
    is_array: bool = False,
    is_cotangent: bool = False,
    labels: frozenset[Label] = frozenset(),
    summed: tuple[sp.Expr, tuple[Label, ...]] | None = None,
) -> Operand:
    """An operand of a formula; ``key`` says where it stands in a product, ``summed`` what a sum adds over what."""
    found = Operand(key, real=True)
    found.write, found.precedence, found.is_array, found.labels = write, precedence, is_array, labels
    found.is_cotangent, found.summed = is_cotangent, summed
    return found


def operands(expression: sp.Basic) -> set[Operand]:
    """The operands of a formula."""
    return set(expression.atoms(Operand))


def labels_in(expression: sp.Expr) -> frozenset[Label]:
    """The positions on which a formula depends."""
    return frozenset[Label]().union(*(found.labels for found in operands(expression)))


def is_atomic(expression: sp.Expr) -> bool:
    """Whether it is one symbol, or one entry."""
    return isinstance(expression, Operand) and expression.precedence == PRECEDENCE["Atom"]


def is_array(expression: sp.Basic) -> bool:
    """Whether an operand in it has axes."""
    return any(found.is_array for found in operands(expression))
