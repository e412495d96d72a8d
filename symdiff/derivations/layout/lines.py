"""What stands on a page of a derivation? Sections of lines, the same for every renderer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from symdiff.checking.printed import PrintedValue
from symdiff.derivations.writing.notation import Equation

COLUMN, PAGE = 30, 68  # signs that fit into a column and into a line of a page
_TEXT = 48  # characters of a text that fit into a column
_SIGN = re.compile(r"\\[A-Za-z]+|[^\s{}_^&]")
_NO_SIGNS = frozenset(
    rf"\{name}" for name in ("left", "right", "frac", "mathit", "mathbf", "mathbb", "text", "operatorname")
)


def width(latex: str) -> int:
    r"""About how many signs stand beside each other; a fraction counts with both its parts.

    >>> width(r"\frac{1}{2} W_{1} x")
    5
    """
    return sum(sign not in _NO_SIGNS for sign in _SIGN.findall(latex))


def broken(equation: Equation) -> tuple[str, ...]:
    """The pieces of an equation that stand on lines of their own: as many terms on each as there is room for."""
    if width(str(equation)) <= PAGE or len(equation.terms) < 2:
        return (str(equation),)
    pieces = [f"{equation.left} = {equation.terms[0]}"]
    for term in equation.terms[1:]:
        if width(pieces[-1] + term) > PAGE:
            pieces.append(term.lstrip())
        else:
            pieces[-1] += term
    return tuple(pieces)


@dataclass(frozen=True)
class Definition:
    """What a part of a formula stands for."""

    equation: Equation
    quantity: str
    formula: str

    @property
    def pieces(self) -> tuple[str, ...]:
        """The equation, broken where it is long."""
        return broken(self.equation)

    def __str__(self) -> str:
        """``t_1 = x - y``."""
        return f"{self.quantity} = {self.formula}"


@dataclass(frozen=True)
class Line:
    """One row: its number, what it says in LaTeX and as plain text, its value, and where and of what kind it is.

    ``where`` says what the names of its parts stand for; ``beside`` says the same in index notation.
    """

    number: str
    equation: Equation
    quantity: str
    formula: str
    where: tuple[Definition, ...] = ()
    beside: Equation | None = None
    value: str = ""
    sources: str = ""
    structure: str = ""
    products: str = ""
    saved: bool = False
    printed: PrintedValue | None = None
    remarks: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Structure, products, and whether it is saved, in one text."""
        text = "; ".join(part for part in (self.structure, self.products) if part)
        return f"{text} (saved)" if self.saved else text

    @property
    def whole_formula(self) -> str:
        """The formula with the meanings of its parts, in plain text."""
        return self.formula + (f"  where {', '.join(map(str, self.where))}" if self.where else "")

    @property
    def is_wide(self) -> bool:
        """Whether it needs the width of the page."""
        return max(len(self.kind), len(self.sources)) > _TEXT or any(
            width(str(told)) > COLUMN
            for told in (
                self.equation,
                *(d.equation for d in self.where),
                *([self.beside] if self.beside else []),
            )
        )

    @property
    def pieces(self) -> tuple[str, ...]:
        """The equation, broken between the terms of its right side where it is longer than a line of a page."""
        return broken(self.equation)

    @property
    def pieces_beside(self) -> tuple[str, ...]:
        """The equation in index notation, broken likewise."""
        return () if self.beside is None else broken(self.beside)

    @property
    def is_printed_wrong(self) -> bool:
        """Whether a text prints another value."""
        return self.printed is not None and not self.printed.agrees


@dataclass(frozen=True)
class Over:
    """For which values of an index the lines of a block hold: ``l = 2, 3, ..., 12``."""

    text: str
    latex: str

    def __str__(self) -> str:
        """``for l = 2, 3, ..., 12``."""
        return f"for {self.text}"


@dataclass(frozen=True)
class Block:
    """Lines that hold once, or for every value of an index."""

    lines: tuple[Line, ...]
    over: Over | None = None


@dataclass(frozen=True)
class Section:
    """The lines of one phase."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, without their blocks."""
        return tuple(line for block in self.blocks for line in block.lines)

    @property
    def equations(self) -> tuple[Equation, ...]:
        """All equations, with those that define parts."""
        parts = (part.equation for line in self.lines for part in line.where)
        return (*(line.equation for line in self.lines), *parts)

    def has(self, column: str) -> bool:
        """Whether any line has something in a column, named as the attribute of ``Line``."""
        return any(getattr(line, column) for line in self.lines)
