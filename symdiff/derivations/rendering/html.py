"""How does a derivation look in a browser? One page without scripts; formulas in MathML."""

from __future__ import annotations

from markupsafe import Markup

from symdiff.derivations.layout.sections import shown
from symdiff.derivations.steps import Derivation
from symdiff.derivations.writing.equations import definitions
from symdiff.pages.html import environment
from symdiff.pages.mathml import mathml as converted
from symdiff.pictures.quantities import to_svg

_DRAWN = 80  # steps of which a graph is still a picture


def to_html(derivation: Derivation, digits: int = 6, *, folded: bool = True, indices: bool = False) -> str:
    """The steps as one page with a table for each phase; the same derivation gives the same text."""
    return _render(derivation, digits, whole=True, drawn=True, folded=folded, indices=indices)


def to_fragment(derivation: Derivation, digits: int = 6, *, drawn: bool = False) -> str:
    """The same for a notebook or another page: it brings its style along, and the graph where it is ``drawn``."""
    return _render(derivation, digits, whole=False, drawn=drawn)


def _render(
    derivation: Derivation,
    digits: int,
    *,
    whole: bool,
    drawn: bool,
    folded: bool = True,
    indices: bool = False,
) -> str:
    sections = shown(derivation, digits, folded=folded, indices=indices)
    is_small = len(derivation.steps) <= _DRAWN
    template = environment().get_template("derivation.html.j2")
    return template.render(
        name=derivation.name,
        sections=sections,
        meanings=definitions(derivation, [told for section in sections for told in section.equations]),
        checked=derivation.checked,
        whole=whole,
        mathml=mathml,
        drawing=Markup(to_svg(derivation)) if drawn and is_small else None,  # with every name escaped
    )


def mathml(latex: object) -> Markup:
    """A formula that was written by ``notation`` as MathML."""
    return converted(rf"\displaystyle {latex}")
