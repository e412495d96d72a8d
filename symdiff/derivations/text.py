"""How does a derivation read in a terminal? One table for each phase, as lecture notes print them."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symdiff.derivations.steps import Derivation, Phase, Step
from symdiff.derivations.values import rounded

PHASES: dict[Phase, str] = {"forward": "Forward", "backward": "Backward", "update": "Update"}
_WIDTH = 110


def to_text(derivation: Derivation, digits: int = 6, width: int = _WIDTH) -> str:
    """The steps as tables: number, quantity, formula, value, where its values come from, structure, products."""
    console = Console(file=io.StringIO(), width=width, no_color=True, highlight=False)
    for phase, title in PHASES.items():
        steps = derivation.phase(phase)
        if steps:
            console.print(title)
            console.print(table(steps, digits))
    console.print(f"Checked: {derivation.checked}", markup=False)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in shown.splitlines())


def table(steps: tuple[Step, ...], digits: int) -> Table:
    """The rows of one phase; columns that are empty everywhere are left out."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    columns = [
        ("Step", [str(step.number) for step in steps]),
        ("Quantity", [quantity(step) for step in steps]),
        ("Formula", [step.formula for step in steps]),
        ("Value", [rounded(step.value, digits) for step in steps]),
        ("Value comes from", [sources(step) for step in steps]),
        ("Structure", [step.structure for step in steps]),
        ("Product", [", ".join(step.products) for step in steps]),
        ("Saved", ["saved" if step.saved else "" for step in steps]),
    ]
    kept = [(title, cells) for title, cells in columns if any(cells)]
    for title, _ in kept:
        shown.add_column(title, overflow="fold")
    for row in zip(*(cells for _, cells in kept), strict=True):
        shown.add_row(*(Text(cell) for cell in row))
    return shown


def quantity(step: Step) -> str:
    """``dL/dz1`` for a derivative, the name for anything else."""
    return (
        step.quantity
        if step.above is None or not step.quantity.startswith("d")
        else f"d{step.above}/d{step.below}"
    )


def sources(step: Step) -> str:
    """``steps 9, 14``."""
    return (
        f"step{'s' if len(step.sources) > 1 else ''} {', '.join(map(str, step.sources))}"
        if step.sources
        else ""
    )
