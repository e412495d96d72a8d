"""How does a verdict read as plain text, and a run on the terminal?"""

from __future__ import annotations

import textwrap
from typing import assert_never

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from symdiff.pages import numbers
from symdiff.pages.controls import visible
from symdiff.pages.examples import Example
from symdiff.pages.rows import ClaimRow, Page
from symdiff.pages.sections import Code, Parts, Prose, Section, details, gist, headline, sections
from symdiff.verdicts import Status, Verdict

WIDTH = 80
_LEAST, _MOST = 60, 100
_LABEL = 16
_WHO = 14
_COLOURS: dict[Status, str] = {
    "proved": "green",
    "agrees": "cyan",
    "refuted": "bold red",
    "undecided": "yellow",
}


def report(verdict: Verdict, verbose: bool = False, width: int = WIDTH) -> str:
    """The verdict as text: what is claimed, what is true, the smallest example, and what was not checked.

    ``verbose`` adds who checked it and how well. Sentences are wrapped to ``width``; formulas and code are not.
    """
    head = headline(verdict)
    first = "   ".join([head.words, head.subject, *([f"({head.note})"] if head.note else [])])
    told = [*sections(verdict), *(details(verdict) if verbose else ())]
    blocks = [_block(section, min(max(width, _LEAST), _MOST)) for section in told]
    gap = [""] if verdict.status == "refuted" and blocks else []
    lines = [first, *gap, *(line for block in blocks for line in block)]
    single = [line for k, line in enumerate(lines) if line or lines[k - 1]]
    return visible("\n".join(single).rstrip())


def show(console: Console, row: ClaimRow, verbose: bool = False) -> None:
    """Print one report under the line where the claim stands; no line is cut, a narrow window wraps it."""
    first, *others = report(row.verdict, verbose, console.width).splitlines()
    console.print(visible(f"\n{row.place}"), markup=False, highlight=False, soft_wrap=True)
    console.print(Text(first, style=_COLOURS[row.verdict.status]), soft_wrap=True)
    console.print("\n".join(others), markup=False, highlight=False, soft_wrap=True)


def refutations(page: Page, verbose: bool = False, width: int = WIDTH) -> str:
    """The report of each refuted claim, each under the line where the claim stands."""
    return "\n\n".join(f"{row.place}\n{report(row.verdict, verbose, width)}" for row in page.refuted)


def table(console: Console, page: Page, show_all: bool = True) -> None:
    """Print the claims, file by file: name, verdict, for which inputs or why not, source, seconds.

    In a narrow window the source stands below the inputs.
    """
    widths = (
        _width([row.name for row in page.rows], min(32, console.width // 3)),
        _width([row.source or "" for row in page.rows], 24) if console.width >= _MOST else 0,
    )
    for file, rows in page.files:
        shown = [row for row in rows if show_all or not row.verdict.ok]
        if shown:
            console.print(Text(visible(file), style="bold"), soft_wrap=True)
            console.print(_claims(shown, *widths))


def printed_table(console: Console, page: Page) -> None:
    """Print the printed values that differ from the recomputed ones, if there are any."""
    if not page.differing:
        return
    console.print(Text("Printed values that differ", style="bold"))
    for row in page.differing:
        place = f"{row.file}, {row.source}" if row.source else row.file
        console.print(Text(visible(f"  {place}: {row.quantity}")), soft_wrap=True)
        console.print(Text(f"    printed     {row.printed}", style=_COLOURS["refuted"]), soft_wrap=True)
        console.print(Text(f"    recomputed  {row.recomputed}"), soft_wrap=True)


def progress(console: Console) -> Progress:
    """A progress bar that leaves nothing behind."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True)


def _claims(rows: list[ClaimRow], names: int, sources: int) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    grid.add_column(width=names + 2, overflow="fold")
    grid.add_column(width=9, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    if sources:
        grid.add_column(width=sources, overflow="fold", style="dim")
    grid.add_column(width=8, justify="right", no_wrap=True, style="dim")
    for row in rows:
        status, source = row.verdict.status, row.source or ""
        said = [Text(visible(gist(row.verdict)))]
        if sources:
            said.append(Text(source))
        elif source:
            said[0].append(f"\n{source}", style="dim")
        seconds = Text(f"{row.seconds:.2f} s")
        grid.add_row(Text(visible(f"  {row.name}")), Text(status, style=_COLOURS[status]), *said, seconds)
    return grid


def _width(texts: list[str], limit: int) -> int:
    return min(limit, max(map(len, texts), default=0))


def _block(section: Section, width: int) -> list[str]:
    match section:
        case Prose(label, lines) if len(label) >= _LABEL:
            indented = [f"      {piece}" for line in lines for piece in _wrapped(line, width - 6)]
            return ["", f"  {label}", *indented, ""]
        case Prose(label, lines):
            return _labelled(label, [piece for line in lines for piece in _wrapped(line, width - _LABEL - 2)])
        case Code(label, text, aside):
            return _labelled(label, text.splitlines()) if aside else ["", f"  {label}", *_indented(text), ""]
        case Example():
            return [
                "",
                f"  {section.label}",
                *_indented(numbers.listed(section.inputs)),
                "",
                *_table(section, width),
                "",
            ]
        case Parts(_, rows, rest):
            wide = max((len(name) for name, _, _ in rows), default=0)
            listed = [f"  {name:{wide}}   {status:9}   {text}".rstrip() for name, status, text in rows]
            return [*listed, *([f"  {rest}"] if rest else []), ""]
        case _:
            assert_never(section)


def _table(example: Example, width: int) -> list[str]:
    """A column for each entry, a row for whose number it is, and below the entries that are wrong.

    Where that is too wide, the entries stand below each other.
    """
    rows = [("", list(example.columns), "")]
    rows += [(row.who, list(map(numbers.text, row.cells)), row.note) for row in example.rows]
    if any(example.wrong):
        rows.append(("", ["wrong" if wrong else "" for wrong in example.wrong], ""))
    lines = _aligned(rows, _WHO)
    if max(map(len, lines)) <= width or len(example.columns) == 1:
        return lines
    names, *others = (cells for _, cells, _ in rows)
    turned = [("", [who for who, _, _ in rows[1:]], "")]
    turned += [(name, [cells[k] for cells in others], "") for k, name in enumerate(names)]
    notes = [f"      {who} {note}" for who, _, note in rows if note]
    return [*_aligned(turned, 3 + max(map(_breadth, names))), *notes]


def _aligned(rows: list[tuple[str, list[str], str]], first: int) -> list[str]:
    widths = [max(_breadth(cells[k]) for _, cells, _ in rows) for k in range(len(rows[0][1]))]
    return [line for row in rows for line in _row(*row, widths, first)]


def _row(who: str, cells: list[str], note: str, widths: list[int], first: int) -> list[str]:
    """The lines of a row; a cell may have several."""
    parts = [cell.splitlines() or [""] for cell in cells]
    lines = []
    for k in range(max(map(len, parts))):
        texts = [(part[k] if k < len(part) else "").rjust(w) for part, w in zip(parts, widths, strict=True)]
        head, tail = (who, note) if k == 0 else ("", "")
        lines.append(f"      {head:{first}}{'   '.join(texts)}{f'   {tail}' if tail else ''}".rstrip())
    return lines


def _breadth(text: str) -> int:
    return max(map(len, text.splitlines()), default=0)


def _labelled(label: str, lines: list[str]) -> list[str]:
    heads = [label.ljust(_LABEL), *[" " * _LABEL] * len(lines)]
    return [f"  {head}{line}".rstrip() for head, line in zip(heads, lines, strict=False)]


def _indented(text: str) -> list[str]:
    return [f"      {line}".rstrip() for line in text.splitlines()]


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
