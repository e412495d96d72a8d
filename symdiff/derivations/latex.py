"""How does a derivation look in print? A LaTeX document that compiles as it is, or its tables alone."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from symdiff.derivations.equations import definitions
from symdiff.derivations.sections import shown
from symdiff.derivations.steps import Derivation
from symdiff.pages.latex import environment

_MANY = 6  # entries of a value that are shown


def to_latex(derivation: Derivation, digits: int = 6, *, fragment: bool = False) -> str:
    """The steps as tables, one for each phase; a ``fragment`` is for ``\\input`` and says which packages it needs."""
    sections = shown(derivation, digits, _MANY)
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


def mathematics(pieces: Sequence[str]) -> Markup:
    """A formula that was written by ``notation``; its pieces stand below each other."""
    first, *rest = pieces
    if not rest:
        return Markup(rf"$\displaystyle {first}$")
    lines = r" \\ ".join([f"& {first}", *(rf"& \quad {piece}" for piece in rest)])
    return Markup(rf"$\begin{{aligned}}[t] {lines} \end{{aligned}}$")
