"""How does a derivation look in print? A LaTeX document that compiles as it is, or its tables alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from symdiff.derivations.equations import definitions, equations
from symdiff.derivations.steps import Derivation
from symdiff.derivations.text import PHASES, sources
from symdiff.derivations.values import rounded
from symdiff.pages.latex import environment

_MANY = 6  # entries of a value that are shown


def to_latex(derivation: Derivation, digits: int = 6, *, fragment: bool = False) -> str:
    """The steps as tables, one for each phase; a ``fragment`` is for ``\\input`` and needs amsmath and longtable."""
    template = environment().get_template("derivation.tex.j2")
    shown = [(title, list(_rows(derivation, phase, digits))) for phase, title in PHASES.items()]
    phases = [(title, rows, any(row["value"] for row in rows)) for title, rows in shown if rows]
    meanings = [Markup(rf"${meaning}$") for meaning in definitions(derivation)]
    return template.render(
        name=derivation.name, phases=phases, meanings=meanings, checked=derivation.checked, fragment=fragment
    )


def _rows(derivation: Derivation, phase: str, digits: int) -> Iterator[dict[str, Any]]:
    for step, equation in zip(derivation.steps, equations(derivation), strict=True):
        if step.phase == phase:
            few = step.value is not None and step.value.size <= _MANY
            yield {
                "number": step.number,
                "equation": Markup(rf"$\displaystyle {equation}$"),
                "value": rounded(step.value, digits) if few else "",
                "sources": sources(step),
                "structure": step.structure,
                "products": ", ".join(step.products),
                "saved": step.saved,
            }
