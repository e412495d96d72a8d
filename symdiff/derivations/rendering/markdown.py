"""How does a derivation read as Markdown? Tables with formulas between dollar signs."""

from __future__ import annotations

from collections.abc import Iterator

from symdiff.derivations.layout.lines import Line, Section
from symdiff.derivations.layout.sections import shown
from symdiff.derivations.steps import Derivation
from symdiff.derivations.writing.equations import definitions
from symdiff.pages.controls import visible
from symdiff.pages.latex import escape

_COLUMNS = {
    "": "number",
    "quantity": "equation",
    "value": "value",
    "printed": "printed",
    "value comes from": "sources",
    "kind": "kind",
    "remarks": "remarks",
}


def to_markdown(
    derivation: Derivation, digits: int = 6, *, folded: bool = True, indices: bool = False
) -> str:
    """The steps as one table for each phase."""
    lines = [f"# ${_text(derivation.name)}$", ""]
    sections = shown(derivation, digits, folded=folded, indices=indices)
    for section in sections:
        lines += [f"## {section.title}", "", *_table(section), ""]
    meanings = definitions(derivation, [told for section in sections for told in section.equations])
    if meanings:
        lines.append("Here " + ", ".join(f"${meaning}$" for meaning in meanings) + ".")
    lines += ["", f"Checked: ${_text(derivation.checked)}$."]
    return visible("\n".join(lines).rstrip()) + "\n"


def _table(section: Section) -> Iterator[str]:
    columns = {heading: name for heading, name in _COLUMNS.items() if section.has(name)}
    yield _row(columns)
    yield "|--:|" + "---|" * (len(columns) - 1)
    for block in section.blocks:
        if block.over is not None:
            yield _row(["", f"for ${block.over.latex}$:", *[""] * (len(columns) - 2)])
        for line in block.lines:
            yield _row([_cell(line, name) for name in columns.values()])


def _row(cells: list[str] | dict[str, str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _cell(line: Line, name: str) -> str:
    match name:
        case "equation":
            told = [line.equation, *(part.equation for part in line.where)]
            meant = ", ".join(f"${t}$" for t in told[1:])
            beside = f"; ${line.beside}$" if line.beside is not None else ""
            return f"${told[0]}$" + (f" where {meant}" if meant else "") + beside
        case "printed" if line.printed is not None:
            return f"**{line.printed.printed}** differs" if line.is_printed_wrong else line.printed.printed
        case "remarks":
            return "; ".join(line.remarks)
    return str(getattr(line, name) or "")


def _text(name: str) -> str:
    return rf"\text{{{escape(name)}}}"
