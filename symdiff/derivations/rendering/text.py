"""How does a derivation read in a terminal? One table for each phase, as lecture notes print them."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symdiff.derivations.layout.lines import Block, Line, Section
from symdiff.derivations.layout.sections import shown
from symdiff.derivations.steps import Derivation
from symdiff.pages.controls import visible

_WIDTH = 110
_COLUMNS = {
    "Step": "number",
    "Quantity": "quantity",
    "Formula": "whole_formula",
    "Value": "value",
    "Printed": "printed",
    "Value comes from": "sources",
    "Structure": "structure",
    "Product": "products",
    "Saved": "saved",
    "Remarks": "remarks",
}


def to_text(derivation: Derivation, digits: int = 6, width: int = _WIDTH, *, folded: bool = True) -> str:
    """The steps as tables: number, quantity, formula, value, where its values come from, structure, products.

    What repeats is shown once, with its index, unless ``folded`` is false; so in all formats.
    """
    console = Console(file=io.StringIO(), width=width, no_color=True, highlight=False)
    for section in shown(derivation, digits, folded=folded):
        console.print(visible(section.title))
        console.print(_table(section))
    console.print(visible(f"Checked: {derivation.checked}"), markup=False)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in printed.splitlines())


def _table(section: Section) -> Table:
    """The rows of one phase; columns that are empty everywhere are left out."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    columns = {heading: name for heading, name in _COLUMNS.items() if section.has(name)}
    for heading in columns:
        grid.add_column(heading, overflow="fold")
    for block in section.blocks:
        _add(grid, block, list(columns.values()))
    return grid


def _add(grid: Table, block: Block, columns: list[str]) -> None:
    if block.over is not None:
        grid.add_row("", Text(visible(f"{block.over}:")))
    for line in block.lines:
        grid.add_row(*(Text(visible(_cell(line, name))) for name in columns))


def _cell(line: Line, name: str) -> str:
    match name:
        case "printed" if line.printed is not None:
            return f"{line.printed.printed} DIFFERS" if line.is_printed_wrong else line.printed.printed
        case "saved":
            return "saved" if line.saved else ""
        case "remarks":
            return "; ".join(line.remarks)
    return str(getattr(line, name) or "")
