"""How does a value come into prose? As Markdown: escaped words, code, formulas between ``$` `` and `` `$``, numbers."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from markupsafe import Markup

from symdiff.pages.controls import visible

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&$-])")
_TICKS = re.compile(r"`+")
_LINES = re.compile(r"\s*\n\s*")


def words(text: object) -> str:
    r"""Any text, shown literally on one line.

    >>> words("a_1 | b*c")
    'a\\_1 \\| b\\*c'
    """
    return _SPECIAL.sub(r"\\\1", _LINES.sub(" ", visible(str(text))))


def code(text: object) -> str:
    """Program text; within a table a bar needs no care, since tables are no Markdown here.

    >>> code("x"), code("a`b")
    ('`x`', '`` a`b ``')
    """
    line = visible(" ".join(str(text).split()))
    longest = max((len(found) for found in _TICKS.findall(line)), default=0)
    if not longest:
        return f"`{line}`" if line else ""
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}"


def formula(latex: object, *, large: bool = False) -> str:
    """A formula in LaTeX; ``large`` as if it stood alone, for fractions in tables.

    >>> formula("x^2")
    '$`x^2`$'
    """
    return f"${code(rf'{chr(92)}displaystyle {latex}' if large else latex)}$"


def told(value: Any) -> Markup:
    """A value in prose: whole numbers in groups of three digits, expressions as formulas, other text literally.

    >>> told(116427), told(sp.Symbol("N") ** 2), told("a_b")
    (Markup('116,427'), Markup('$`N^{2}`$'), Markup('a\\\\_b'))
    """
    if isinstance(value, Markup):
        return value
    if isinstance(value, sp.Integer):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return Markup(f"{value:,}")
    if isinstance(value, sp.Basic):
        return Markup(formula(sp.latex(value), large=sp.denom(value) != 1))
    return Markup(words(value))


def counted(number: int, one: str, many: str = "") -> str:
    """``1 step``, ``3 steps``.

    >>> counted(1, "entry", "entries"), counted(2, "step")
    ('1 entry', '2 steps')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(parts: list[str]) -> str:
    """``a, b and c``.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def anchor(title: str) -> str:
    """The name of a section on a page.

    >>> anchor("GELU, tanh form")
    'gelu-tanh-form'
    """
    return re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")
