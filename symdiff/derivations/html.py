"""How does a derivation look in a browser? One page without scripts; formulas in MathML."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from latex2mathml.converter import convert
from markupsafe import Markup

from symdiff.derivations.equations import definitions, equations
from symdiff.derivations.steps import Derivation
from symdiff.derivations.text import PHASES, sources
from symdiff.derivations.values import rounded
from symdiff.pages.html import environment

_MANY = 12  # entries of a value that are shown


def to_html(derivation: Derivation, digits: int = 6) -> str:
    """The steps as one page with a table for each phase; the same derivation gives the same text."""
    return environment().get_template("derivation.html.j2").render(**_content(derivation, digits), whole=True)


def to_fragment(derivation: Derivation, digits: int = 6) -> str:
    """The same for a notebook: it brings its style along."""
    return (
        environment().get_template("derivation.html.j2").render(**_content(derivation, digits), whole=False)
    )


def _content(derivation: Derivation, digits: int) -> dict[str, Any]:
    shown = [(title, list(_rows(derivation, phase, digits))) for phase, title in PHASES.items()]
    phases = [(title, rows, any(row["value"] for row in rows)) for title, rows in shown if rows]
    meanings = [mathml(meaning) for meaning in definitions(derivation)]
    return {"name": derivation.name, "phases": phases, "meanings": meanings, "checked": derivation.checked}


@cache
def mathml(latex: str) -> Markup:
    """A formula that was written by ``notation`` as MathML."""
    return Markup(convert(latex))


def _rows(derivation: Derivation, phase: str, digits: int) -> Iterator[dict[str, Any]]:
    for step, equation in zip(derivation.steps, equations(derivation), strict=True):
        if step.phase == phase:
            few = step.value is not None and step.value.size <= _MANY
            yield {
                "number": step.number,
                "equation": mathml(rf"\displaystyle {equation}"),
                "value": rounded(step.value, digits) if few else "",
                "sources": sources(step),
                "structure": step.structure,
                "products": ", ".join(step.products),
                "saved": step.saved,
            }
