"""How does a marked sheet read in a terminal, and for machines? Marks row by row, then the first wrong row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symdiff.exercises.columns import TITLES
from symdiff.exercises.marking import CellMark, Marking, RowMark
from symdiff.exercises.marks import SIGNS, Status

_COLOURS: dict[Status, str] = {
    "right": "green",
    "follows": "cyan",
    "agrees": "yellow",
    "short": "yellow",
    "empty": "dim",
    "missing": "yellow",
    "unreadable": "yellow",
    "wrong": "bold red",
}
_WORDS: dict[Status, str] = {"follows": "follows", "short": "too short"}
_LONGEST = 60


def show(console: Console, marking: Marking, verbose: bool = False) -> None:
    """Print the marks; ``verbose`` tells what belongs into the cells that are not right."""
    console.print(Text(marking.place, style="bold"), soft_wrap=True)
    if marking.sizes:
        console.print(f"formulas are compared at sizes {marking.sizes}", markup=False, highlight=False)
    console.print(table(marking))
    for line in (*remarks(marking, verbose), *(f"not used, {problem}" for problem in marking.problems)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(Text(marking.summary, style="bold"), soft_wrap=True)


def table(marking: Marking) -> Table:
    """One line for each row: its step, what was written in each column with its mark, and why."""
    columns = [c for c in TITLES if any(cell.column == c for row in marking.rows for cell in row.cells)]
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column("Step", justify="right")
    for heading in ("Quantity", *(TITLES[c] for c in columns), "Mark", "Why"):
        grid.add_column(heading, overflow="fold")
    for row in marking.rows:
        cells = {cell.column: cell for cell in row.cells}
        shown = [_written(cells[c]) if c in cells else Text("") for c in columns]
        mark = Text(_WORDS.get(row.status, row.status), style=_COLOURS[row.status])
        grid.add_row(str(row.number), Text(row.quantity), *shown, mark, Text(_why(row)))
    return grid


def _written(cell: CellMark) -> Text:
    sign, colour = SIGNS[cell.mark.status], _COLOURS[cell.mark.status]
    return Text(f"{sign} {_short(cell.written)}".rstrip(), style=colour)


def _short(text: str) -> str:
    """What was written, in one line without what could steer a terminal."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."


def _why(row: RowMark) -> str:
    """The notes of the cells; of a right row they are left out where they say nothing that matters."""
    several = len(row.cells) > 1
    return "; ".join(
        f"{TITLES[cell.column].lower()}: {cell.mark.note}" if several else cell.mark.note
        for cell in row.cells
        if cell.mark.note
    )


def remarks(marking: Marking, verbose: bool) -> Iterator[str]:
    """The first wrong row in words; with ``verbose`` what belongs into every cell that is not right."""
    first = marking.first("wrong")
    if first is not None:
        wrong = next(cell for cell in first.cells if cell.mark.status == "wrong")
        note = f": {wrong.mark.note}" if wrong.mark.note else ""
        where = f" (line {first.line})" if first.line else ""
        column = TITLES[wrong.column].lower()
        yield f"First mistake: step {first.number}, {first.quantity}, {column}{where}{note}"
    for row in marking.rows if verbose else ():
        for cell in row.cells:
            if cell.mark.status not in ("right",):
                yield f"step {row.number}, {row.quantity}, {TITLES[cell.column].lower()}: {cell.key}"


def show_overview(console: Console, files: Sequence[dict[str, Any]]) -> None:
    """Print one line for each sheet: what a teacher enters in a list."""
    for file in files:
        told = [sheet["summary"] for sheet in file["sheets"]] or ["not marked"]
        for summary in told:
            console.print(f"{file['file']}: {summary}", markup=False, highlight=False, soft_wrap=True)


def as_data(file: str, markings: Sequence[Marking]) -> dict[str, Any]:
    """The marks of one file, for JSON."""
    return {"file": file, "sheets": [_data(marking) for marking in markings]}


def _data(marking: Marking) -> dict[str, Any]:
    return {
        "function": marking.place,
        "summary": marking.summary,
        "counts": dict(marking.counts),
        "sizes": marking.sizes,
        "head": list(marking.head),
        "problems": [{"line": p.line, "what": p.what, "mend": p.mend} for p in marking.problems],
        "rows": [
            {
                "step": row.number,
                "quantity": row.quantity,
                "line": row.line,
                "status": row.status,
                "cells": [
                    {
                        "column": cell.column,
                        "written": cell.written,
                        "status": cell.mark.status,
                        "note": cell.mark.note,
                        "key": cell.key,
                    }
                    for cell in row.cells
                ],
            }
            for row in marking.rows
        ],
    }


def as_json(files: Sequence[dict[str, Any]]) -> str:
    """All sheets as JSON."""
    return json.dumps({"files": list(files)}, indent=2, ensure_ascii=True)
