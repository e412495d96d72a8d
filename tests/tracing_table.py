"""Which calls can be traced, and what do the others say? A test runs every row, README prints them."""

from __future__ import annotations

import tracing_known as known
import tracing_refused as refused
from tracing_rows import Row

TABLE: dict[str, list[Row]] = {
    "arithmetic and comparisons": known.ARITHMETIC,
    "non-smooth": known.NON_SMOOTH,
    "elementwise": known.ELEMENTWISE,
    "scipy.special": known.SPECIAL,
    "reductions": known.REDUCTIONS,
    "products": known.PRODUCTS,
    "compositions": known.COMPOSITIONS,
    "shapes": known.SHAPING,
    "indexing": known.INDEXING,
    "creation and writes": known.CREATION,
    "not traced": refused.ROWS,
}


def markdown() -> str:
    """The table as README shows it."""
    lines = ["| group | call | status |", "| --- | --- | --- |"]
    for group, rows in TABLE.items():
        for row in rows:
            instead = f", write {row.instead}" if row.instead else ""
            name = row.name.replace("|", "\\|")
            lines.append(f"| {group} | `{name}` | {row.status}{instead} |")
    return "\n".join(lines) + "\n"
