"""How are verdicts counted and shown in a report? As tables of claims, and as numbers in prose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symdiff.chapters.marks import code, words
from symdiff.chapters.pieces import Badge, Cell, Table
from symdiff.pages.rows import ClaimRow


def proved(rows: Iterable[ClaimRow]) -> int:
    """How many claims were proved."""
    return sum(row.verdict.status == "proved" for row in rows)


def claims_table(rows: Sequence[ClaimRow]) -> Table:
    """The claims of an example with their verdicts: where the notes make them, and for what they hold."""
    scopes = dict.fromkeys(row.verdict.scope for row in rows)
    cells: list[tuple[Cell, ...]] = [
        (Badge(row.verdict.status), code(row.name), words(row.source or ""), words(row.verdict.scope))
        for row in rows
    ]
    headings, widths = ("verdict", "claim", "in the notes", "holds for"), (0.13, 0.27, 0.3, 0.3)
    if len(scopes) > 1:
        return Table(headings, widths, tuple(cells))
    each = "Each claim holds" if len(rows) > 1 else "It holds"
    return Table(
        headings[:3],
        widths[:3],
        tuple(row[:3] for row in cells),
        f"{each} for {words(rows[0].verdict.scope)}.",
    )
