"""``symdiff check FILE_OR_FOLDER`` finds marked claims and judges them; exercise sheets are marked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from symdiff.cli import marking
from symdiff.cli.statuses import status_of, write
from symdiff.collecting import Found, collect, judge
from symdiff.errors import InputError, explain
from symdiff.pages import html, latex, terminal
from symdiff.pages.json import as_json
from symdiff.pages.rows import Page


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    check = commands.add_parser(
        "check", help="judge the marked claims of files and folders, mark exercise sheets"
    )
    check.set_defaults(run=run)
    check.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER_OR_SHEET")
    check.add_argument(
        "--report", type=Path, metavar="DIR", help="write a page (HTML) and a LaTeX file there"
    )
    check.add_argument(
        "--exercise",
        type=Path,
        metavar="FILE.py",
        help="take the functions of sheets from here, not from where they say",
    )
    check.add_argument("--json", action="store_true", help="print the verdicts for machines")
    check.add_argument(
        "-v", "--verbose", action="store_true", help="print every verdict, and who checked it and how well"
    )
    check.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="for each claim; then it is undecided"
    )


def run(arguments: argparse.Namespace, errors: Console) -> int:
    """Judge all claims and show them; sheets are marked before."""
    if arguments.exercise is not None:
        return marking.run(marking.sheets_in(arguments.paths), arguments, errors)
    sheets = [path for path in arguments.paths if marking.is_sheet(path)]
    if not sheets:
        return _judge(arguments, errors)
    paths = [path for path in arguments.paths if path not in sheets]
    if paths and arguments.json:
        facts: dict[str, object] = {"sheets": len(sheets), "other files": len(paths)}
        raise InputError(explain("symdiff check --json", facts, "Ask for sheets and for files in two calls."))
    marked = marking.run(sheets, arguments, errors)
    arguments.paths = paths
    return marking.joined([marked, _judge(arguments, errors)] if paths else [marked])


def _judge(arguments: argparse.Namespace, errors: Console) -> int:
    found = collect(arguments.paths)
    page = _judge_all(found, arguments, errors)
    if arguments.json:
        print(as_json(page))
    else:
        _show(page, arguments.verbose)
    if arguments.report is not None:
        files = {"verdicts.html": html.render(page), "verdicts.tex": latex.render(page)}
        write(arguments.report, files, "symdiff check", errors)
    return status_of(row.verdict.status for row in page.rows)


def _judge_all(found: Found, arguments: argparse.Namespace, errors: Console) -> Page:
    rows, printed = [], []
    with terminal.progress(errors) as progress:
        task = progress.add_task("checking", total=len(found.claims) + len(found.tables))
        for item in (*found.claims, *found.tables):
            progress.update(task, description=item.label)
            row, values = judge(item, arguments.timeout)
            rows += [row] if row is not None else []
            printed += values
            progress.advance(task)
    return Page(found.title, tuple(rows), tuple(printed))


def _show(page: Page, verbose: bool) -> None:
    console = Console()
    terminal.table(console, page)
    for row in page.rows:
        if verbose or not row.verdict.ok:
            terminal.show(console, row, verbose)
    terminal.printed_table(console, page)
    for line in (page.summary, page.printed_summary):
        if line:
            console.print(line, markup=False, highlight=False)
