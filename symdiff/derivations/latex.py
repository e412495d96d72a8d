"""How does a derivation look in print? A LaTeX document that compiles as it is, or its tables alone."""

from __future__ import annotations

from markupsafe import Markup

from symdiff.derivations.equations import definitions
from symdiff.derivations.lines import shown
from symdiff.derivations.steps import Derivation
from symdiff.pages.latex import environment

_MANY = 6  # entries of a value that are shown


def to_latex(derivation: Derivation, digits: int = 6, *, fragment: bool = False) -> str:
    """The steps as tables, one for each phase; a ``fragment`` is for ``\\input`` and needs amsmath and longtable."""
    return (
        environment()
        .get_template("derivation.tex.j2")
        .render(
            name=derivation.name,
            sections=shown(derivation, digits, _MANY),
            meanings=[mathematics(meaning) for meaning in definitions(derivation)],
            checked=derivation.checked,
            fragment=fragment,
            mathematics=mathematics,
        )
    )


def mathematics(latex: object) -> Markup:
    """A formula that was written by ``notation``, within a line."""
    return Markup(rf"$\displaystyle {latex}$")
