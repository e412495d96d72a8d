"""How does a derivation look in print? A LaTeX document that compiles as it is, or its tables alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from symdiff.derivations.layout.lines import Line, broken
from symdiff.derivations.layout.sections import shown
from symdiff.derivations.steps import Derivation
from symdiff.derivations.writing.equations import definitions
from symdiff.derivations.writing.notation import Equation
from symdiff.pages.latex import environment

_MANY = 6  # entries of a value that are shown
_ROWS = 12  # rows of a displayed formula: it does not break over pages


def to_latex(
    derivation: Derivation,
    digits: int = 6,
    *,
    fragment: bool = False,
    folded: bool = True,
    indices: bool = False,
) -> str:
    """The steps as tables, one for each phase; a ``fragment`` is for ``\\input`` and says which packages it needs."""
    sections = shown(derivation, digits, _MANY, folded=folded, indices=indices)
    meanings = definitions(derivation, [told for section in sections for told in section.equations])
    template = environment().get_template("derivation.tex.j2")
    return template.render(
        name=derivation.name,
        sections=sections,
        meanings=[mathematics([meaning]) for meaning in meanings],
        checked=derivation.checked,
        fragment=fragment,
        mathematics=mathematics,
    )


def to_display(derivation: Derivation) -> str:
    """The equations alone, for notebooks: displayed formulas that MathJax and TeX both know."""
    found = []
    for section in shown(derivation, 6):
        for block in section.blocks:
            rows = [piece for line in block.lines for told in _told(line) for piece in _aligned(told)]
            rows = [rf"&\text{{for }} {block.over.latex}\text{{:}}", *rows] if block.over else rows
            groups = [rows[k : k + _ROWS] for k in range(0, len(rows), _ROWS)]
            found += [r"$$\begin{aligned} " + r" \\ ".join(group) + r" \end{aligned}$$" for group in groups]
    return "\n".join(found)


def _told(line: Line) -> Iterator[Equation]:
    yield line.equation
    yield from (part.equation for part in line.where)


def _aligned(equation: Equation) -> Iterator[str]:
    first, *rest = broken(equation)
    yield first.replace(f"{equation.left} = ", f"{equation.left} &= ", 1) if equation.right else f"{first} &"
    yield from (rf"&\quad {piece}" for piece in rest)


def mathematics(pieces: Sequence[str]) -> Markup:
    """A formula that was written by ``notation``; its pieces stand below each other."""
    first, *rest = pieces
    if not rest:
        return Markup(rf"$\displaystyle {first}$")
    lines = r" \\ ".join([f"& {first}", *(rf"& \quad {piece}" for piece in rest)])
    return Markup(rf"$\begin{{aligned}}[t] {lines} \end{{aligned}}$")
