"""What stands on a sheet that came back? Its head, and the cells of its rows; what cannot be read is listed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from symdiff.exercises.columns import TITLES

_HEAD = re.compile(r"^\s*(?:[-*>]\s+)?\**(?P<word>[A-Za-z]+)\**\s*:\s*(?P<text>.*?)\s*$")
_WORDS = ("sheet", "blank", "digits", "inputs")
_LINES = re.compile(r"\r\n|\r|\n")
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[\s|:+=-]*")
_KEYS = {heading.lower(): column for column, heading in TITLES.items()} | {
    "step": "step",
    "quantity": "quantity",
}
ENDINGS = (".txt", ".md", ".sheet")
LARGEST = 4_000_000


@dataclass(frozen=True)
class Problem:
    """A line that cannot be used: which, what is wrong with it, and how to mend it."""

    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}\n  {self.mend}"


@dataclass(frozen=True)
class Row:
    """One row of a table as it was written: its line, its step, and its cells by column."""

    line: int
    number: int
    quantity: str
    cells: Mapping[str, str]


@dataclass
class Written:
    """One exercise of a file: its head, its rows, and what could not be read."""

    line: int
    head: dict[str, str] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read(text: str) -> list[Written]:
    """The exercises of a file; each begins with a line ``sheet: FILE.py::FUNCTION``."""
    found: list[Written] = []
    columns: Sequence[str] | None = None
    for k, line in enumerate(_LINES.split(printable(text.lstrip("\ufeff"))), start=1):
        head = None if "|" in line else _HEAD.match(line[:LARGEST])
        word = head["word"].lower() if head is not None else ""
        if head is not None and word == "sheet":
            found.append(Written(k, {"sheet": head["text"]}))
            columns = None
        elif head is not None and word in _WORDS and found:
            found[-1].head[word] = head["text"]
        elif "|" in line and found and not _RULE.fullmatch(line):
            columns = _line(found[-1], k, split(line), columns)
    return found


def printable(text: str) -> str:
    """The text without what could steer a terminal; such characters, and halves of characters, become boxes."""
    return "".join(sign if sign.isprintable() or sign.isspace() else "\ufffd" for sign in text)


def split(line: str) -> list[str]:
    r"""The cells of a line, with or without bars at its ends; ``\|`` is a bar inside a cell.

    >>> split("| 4 | z1 | w1*x + b1 |")
    ['4', 'z1', 'w1*x + b1']
    """
    cells = [cell.strip().replace(r"\|", "|") for cell in _BAR.split(line.strip())]
    first = 1 if cells and not cells[0] else 0
    last = len(cells) - 1 if len(cells) > first and not cells[-1] else len(cells)
    return cells[first:last]


def _line(sheet: Written, k: int, cells: list[str], columns: Sequence[str] | None) -> Sequence[str] | None:
    """One line of a table; gives the columns of the lines below it."""
    if cells and cells[0].lower() == "step":
        return _headings(sheet, k, cells)
    if columns is None:
        sheet.problems.append(
            Problem(
                k, "a row stands above the line of headings", "Put the headings back: Step | Quantity | ..."
            )
        )
        return None
    row = _row(sheet, k, cells, columns)
    if row is not None and row.number in sheet.rows:
        first = sheet.rows[row.number].line
        sheet.problems.append(
            Problem(k, f"step {row.number} stands in line {first} already", "Leave one of them.")
        )
    elif row is not None:
        sheet.rows[row.number] = row
    return columns


def _headings(sheet: Written, k: int, cells: list[str]) -> Sequence[str]:
    unknown = [cell for cell in cells if cell.lower() not in _KEYS]
    if unknown:
        mend = f"Use {', '.join(TITLES.values())}; columns of your own belong into another table."
        sheet.problems.append(Problem(k, f"no column is called {unknown[0][:40]!r}", mend))
    return [_KEYS.get(cell.lower(), "") for cell in cells]


def _row(sheet: Written, k: int, cells: list[str], columns: Sequence[str]) -> Row | None:
    number = cells[0] if cells else ""
    if not re.fullmatch(r"[0-9]{1,6}", number):
        mend = "Begin the row with the number of its step."
        sheet.problems.append(Problem(k, f"{number[:40]!r} is no step", mend))
        return None
    if len(cells) > len(columns):
        what = f"step {number} has {len(cells)} cells, its table {len(columns)}"
        sheet.problems.append(Problem(k, what, r"Write \| for a bar inside a cell."))
        return None
    named = dict(zip(columns, cells, strict=False))
    kept = {column: text for column, text in named.items() if column in TITLES}
    return Row(k, int(number), named.get("quantity", ""), kept)


def head_values(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of ``x = 2, W = [[1, 2]]``.

    >>> dict(head_values("x = 2, W = [[1, 2], [3, 4]]"))
    {'x': '2', 'W': '[[1, 2], [3, 4]]'}
    """
    for part in re.split(r",\s*(?=[^\W\d][\w.\[\]]*\s*=)", text):
        name, equals, value = part.partition("=")
        if equals and name.strip():
            yield name.strip(), value.strip()
