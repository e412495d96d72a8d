"""How does a derivation read as Markdown? Tables with formulas between dollar signs."""

from __future__ import annotations

from symdiff.derivations.equations import definitions, equations
from symdiff.derivations.steps import Derivation
from symdiff.derivations.text import PHASES, sources
from symdiff.derivations.values import rounded
from symdiff.pages.latex import escape


def to_markdown(derivation: Derivation, digits: int = 6) -> str:
    """The steps as one table for each phase."""
    lines = [f"# ${_title(derivation.name)}$", ""]
    told = equations(derivation)
    for phase, title in PHASES.items():
        rows = [(s, e) for s, e in zip(derivation.steps, told, strict=True) if s.phase == phase]
        if rows:
            lines += [
                f"## {title}",
                "",
                "| | quantity | value | value comes from | kind |",
                "|--:|---|---|---|---|",
            ]
            for step, equation in rows:
                kind = "; ".join([step.structure, *step.products])
                cells = (str(step.number), f"${equation}$", rounded(step.value, digits), sources(step), kind)
                lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
            lines.append("")
    meanings = definitions(derivation)
    if meanings:
        lines.append("Here " + ", ".join(f"${meaning}$" for meaning in meanings) + ".")
    lines += ["", f"Checked: ${_title(derivation.checked)}$."]
    return "\n".join(lines).rstrip() + "\n"


def _title(name: str) -> str:
    return rf"\text{{{escape(name)}}}"
