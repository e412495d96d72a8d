"""What stands between the paragraphs of a report? Tables, derivations, printed values, entries of the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from symdiff.derivations.steps import Derivation
from symdiff.pages.rows import PrintedRow
from symdiff.pages.sheets import Sheet
from symdiff.verdicts import Status


@dataclass(frozen=True)
class Badge:
    """A verdict in a cell; ``good`` says that this is the verdict that is wanted."""

    status: Status
    good: bool = True


Cell: TypeAlias = str | Badge  # prose in Markdown, or a verdict


@dataclass(frozen=True)
class Table:
    """Rows of cells under headings, with the shares of a line that its columns take, and a note below."""

    headings: tuple[str, ...]
    widths: tuple[float, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Steps:
    """A derivation, step by step."""

    derivation: Derivation
    digits: int = 6


@dataclass(frozen=True)
class Values:
    """Printed values beside recomputed ones."""

    rows: tuple[PrintedRow, ...]


@dataclass(frozen=True)
class Formulas:
    """Displayed equations, in LaTeX."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """A picture in SVG, for pages only; ``kind`` is a plot, as wide as its place, or a graph in its own size."""

    svg: str
    caption: str = ""
    kind: Literal["plot", "graph"] = "plot"


@dataclass(frozen=True)
class Judgements:
    """What was proved of an entry of the library, and which wrong twins were refuted."""

    sheet: Sheet


Piece: TypeAlias = Table | Steps | Values | Formulas | Drawing | Judgements
