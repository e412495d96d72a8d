"""How does a verdict read as plain text, and a run on the terminal?"""

from __future__ import annotations

import textwrap
from typing import assert_never

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from symdiff.pages import numbers
from symdiff.pages.rows import ClaimRow, Page
from symdiff.pages.sections import Code, Example, Parts, Prose, Section, gist, headline, sections
from symdiff.verdicts import Status, Verdict

WIDTH = 100
_LABEL = 16
_COLOURS: dict[Status, str] = {
    "proved": "green",
    "agrees": "cyan",
    "refuted": "bold red",
    "undecided": "yellow",
}


def report(verdict: Verdict, verbose: bool = False) -> str:
    """The verdict as text: what is claimed, what is true, the smallest example, and what was not checked."""
    head = headline(verdict)
    first = "   ".join([head.words, head.subject, *([f"({head.note})"] if head.note else [])])
    blocks = [_block(section) for section in sections(verdict, verbose)]
    gap = [""] if verdict.status == "refuted" and blocks else []
    return "\n".join([first, *gap, *(line for block in blocks for line in block)]).rstrip()


def refutations(page: Page, verbose: bool = False) -> str:
    """The full report of each refuted claim, each under the line where the claim stands."""
    return "\n\n".join(f"{row.place}\n{report(row.verdict, verbose)}" for row in page.refuted)


def table(console: Console, page: Page, show_all: bool = True) -> None:
    """Print the claims, file by file: name, verdict, for which inputs or why not, source, seconds."""
    widths = (
        _width([row.name for row in page.rows], 32),
        _width([row.source or "" for row in page.rows], 24),
    )
    for file, rows in page.files:
        shown = [row for row in rows if show_all or not row.verdict.ok]
        if shown:
            console.print(Text(file, style="bold"), soft_wrap=True)
            console.print(_claims(shown, *widths))


def printed_table(console: Console, page: Page) -> None:
    """Print the printed values that differ from the recomputed ones, if there are any."""
    if not page.differing:
        return
    console.print(Text("Printed values that differ", style="bold"))
    for row in page.differing:
        place = f"{row.file}, {row.source}" if row.source else row.file
        console.print(Text(f"  {place}: {row.quantity}"), soft_wrap=True)
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
    grid.add_column(width=sources, overflow="fold", style="dim")
    grid.add_column(width=8, justify="right", no_wrap=True, style="dim")
    for row in rows:
        status = row.verdict.status
        said = Text(gist(row.verdict)), Text(row.source or ""), Text(f"{row.seconds:.2f} s")
        grid.add_row(Text(f"  {row.name}"), Text(status, style=_COLOURS[status]), *said)
    return grid


def _width(texts: list[str], limit: int) -> int:
    return min(limit, max(map(len, texts), default=0))


def _block(section: Section) -> list[str]:
    match section:
        case Prose(label, lines):
            return _labelled(label, [piece for line in lines for piece in _wrapped(line)])
        case Code(label, text, aside):
            return _labelled(label, text.splitlines()) if aside else ["", f"  {label}", *_indented(text)]
        case Example():
            return _example(section)
        case Parts(_, rows):
            width = max(len(name) for name, _, _ in rows)
            return [
                "  " + f"{name:{width}}   {status:9}   {text}".rstrip() for name, status, text in rows
            ] + [""]
        case _:
            assert_never(section)


def _example(example: Example) -> list[str]:
    lines = ["", f"  {example.label}", *_indented(numbers.listed(example.inputs)), ""]
    if example.entry:
        lines.append(f"      {example.entry}")
    texts = [(who, numbers.text(value), ball) for who, value, ball in example.values]
    width = max(len(line) for _, text, _ in texts for line in text.splitlines())
    for who, text, ball in texts:
        first, *others = text.splitlines()
        word = "certified" if example.certified else "about"
        note = f"   {word} {ball}" if ball and ball != text else ""
        lines.append(f"      {who:8}{first:{width}}{note}".rstrip())
        lines += [" " * 14 + other for other in others]
    return [*lines, ""]


def _labelled(label: str, lines: list[str]) -> list[str]:
    heads = [label.ljust(_LABEL), *[" " * _LABEL] * len(lines)]
    return [f"  {head}{line}".rstrip() for head, line in zip(heads, lines, strict=False)]


def _indented(text: str) -> list[str]:
    return [f"      {line}".rstrip() for line in text.splitlines()]


def _wrapped(line: str) -> list[str]:
    width = WIDTH - _LABEL - 2
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
