"""How does the registry read on the terminal, and the page of one entry?"""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from symdiff.pages.entry_words import counts, error_rows, flat_text, kink_text, names_of
from symdiff.pages.sheets import Card, Judged, Sheet
from symdiff.verdicts import Status

COLOURS: dict[Status, str] = {
    "proved": "green",
    "agrees": "cyan",
    "refuted": "bold red",
    "undecided": "yellow",
}
_WIDE = 110


def registry_table(console: Console, cards: tuple[Card, ...]) -> None:
    """The entries, shelf by shelf: name, section of the notes, source, and who knows it under which name."""
    for kind, group in groupby(cards, key=lambda card: card.kind):
        rows = list(group)
        console.print(Text(f"{kind} ({len(rows)})", style="bold"))
        console.print(_registry(rows, console.width >= _WIDE))
    console.print(f"{len(cards)} {'entry' if len(cards) == 1 else 'entries'}", highlight=False)


def _registry(rows: list[Card], wide: bool) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(width=max(len(row.name) for row in rows) + 2, overflow="fold")
    grid.add_column(width=6, style="dim", overflow="fold")
    grid.add_column(ratio=4, overflow="fold")
    if wide:
        grid.add_column(ratio=5, overflow="fold", style="dim")
    for row in rows:
        known = "\n".join(name for _, name in names_of(row))
        cells = [Text(f"  {row.name}"), Text(row.notes), Text(row.source)]
        if wide:
            cells.append(Text(known))
        elif known:
            cells[-1].append(f"\n{known}", style="dim")
        grid.add_row(*cells)
    return grid


def show(console: Console, sheet: Sheet) -> None:
    """The page of one entry."""
    card = sheet.card
    title = Text(card.name, style="bold")
    title.append(f"   {card.kind}{f', section {card.notes} of the notes' if card.notes else ''}", style="dim")
    console.print(title)
    for paragraph in (card.says, *sheet.text):
        console.print(Padding(Text(paragraph), (0, 0, 0, 2)))
    console.print()
    console.print(_words(sheet))
    _section(console, "Derivatives", sheet.derivatives)
    _section(console, "Other forms of the function, equal in value", sheet.forms)
    _errors(console, sheet)
    _section(console, "Facts", sheet.facts)
    _twins(console, sheet)
    console.print(f"\n{counts(sheet)}", markup=False, highlight=False)


def _words(sheet: Sheet) -> Table:
    card, curve = sheet.card, sheet.curve
    rows = [
        ("Formula", card.formula),
        ("Domain", card.domain),
        ("Kinks", card.kinks),
        ("Source", card.source),
    ]
    if curve is not None:
        rows += [("Kink found", kink_text(kink)) for kink in curve.kinks]
        rows.append(("Flat", flat_text(curve).removeprefix("shaded: ")))
    rows += [*names_of(card), ("Differs", card.differs)]
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(width=13)
    grid.add_column(ratio=1, overflow="fold")
    for label, text in rows:
        if text:
            grid.add_row(Text(f"  {label}", style="dim"), Text(text))
    return grid


def _section(console: Console, title: str, rows: tuple[Judged, ...]) -> None:
    if not rows:
        return
    console.print(Text(f"\n{title}", style="bold"))
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(width=11)
    grid.add_column(ratio=1, overflow="fold")
    for row in rows:
        said = Text(f"{row.label}: " if row.label and row.says else row.label)
        said.append(row.says)
        said.append(f"   {row.scope}", style="dim")
        if row.status != "proved" or not row.label:
            said.append(f"\n{row.detail}", style="dim")
        grid.add_row(Text(f"  {row.status}", style=COLOURS[row.status]), said)
    console.print(grid)


def _errors(console: Console, sheet: Sheet) -> None:
    if not sheet.accuracy:
        return
    moving = f", of {sheet.moving}" if sheet.moving else ""
    title = f"\nLargest error in units in the last place, over all floats{moving}"
    console.print(Text(title, style="bold"))
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(width=10)
    grid.add_column(ratio=3, overflow="fold")
    grid.add_column(ratio=2, overflow="fold")
    grid.add_column(ratio=2, overflow="fold")
    grid.add_column(ratio=4, overflow="fold")
    grid.add_row(
        *(Text(head, style="dim") for head in ("", "form", "float64", "float32", "fails in float64"))
    )
    for row in error_rows(sheet):
        fails = Text("\n".join(row.fails), style="yellow")
        grid.add_row(Text(f"  {row.order}"), Text(row.form), Text(row.double), Text(row.single), fails)
    console.print(grid)


def _twins(console: Console, sheet: Sheet) -> None:
    if not sheet.twins:
        return
    console.print(Text("\nWrong twins", style="bold"))
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(width=11)
    grid.add_column(ratio=1, overflow="fold")
    for twin in sheet.twins:
        said = Text(twin.says)
        named = twin.found if twin.caught else f"{twin.found or 'nothing'}, not {twin.kind}"
        said.append(f"\n{named}: {twin.detail}", style="dim")
        if twin.example:
            said.append(f"\n{twin.example}", style="dim")
        style = "green" if twin.caught else COLOURS["refuted"]
        grid.add_row(Text(f"  {twin.status}", style=style), said)
    console.print(grid)
