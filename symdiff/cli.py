"""The command line: ``symdiff check FILE_OR_FOLDER`` finds marked claims and judges them.

Exit status: 0 all right, 1 something refuted, 3 nothing refuted but something undecided, 2 bad input or no claim.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from symdiff import __version__
from symdiff.collecting import Found, collect, judge
from symdiff.errors import InputError, SymdiffError, explain
from symdiff.pages import html, latex, terminal
from symdiff.pages.json import as_json
from symdiff.pages.rows import Page

RIGHT, REFUTED, BAD_INPUT, UNDECIDED = 0, 1, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(prog="symdiff", description="The referee for derivatives.")
    parser.add_argument("--version", action="version", version=f"symdiff {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="judge the marked claims of files and folders")
    check.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    check.add_argument(
        "--report", type=Path, metavar="DIR", help="write a page (HTML) and a LaTeX file there"
    )
    check.add_argument("--json", action="store_true", help="print the verdicts for machines")
    check.add_argument(
        "-v", "--verbose", action="store_true", help="print every verdict, and who checked it and how well"
    )
    check.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="for each claim; then it is undecided"
    )
    arguments = parser.parse_args(argv)
    errors = Console(stderr=True)
    try:
        return _check(arguments, errors)
    except SymdiffError as error:
        errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return BAD_INPUT


def _check(arguments: argparse.Namespace, errors: Console) -> int:
    found = collect(arguments.paths)
    page = _judge_all(found, arguments, errors)
    if arguments.json:
        print(as_json(page))
    else:
        _show(page, arguments.verbose)
    if arguments.report is not None:
        _write(page, arguments.report, errors)
    return _status(page)


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


def _write(page: Page, folder: Path, errors: Console) -> None:
    for name, text in (("verdicts.html", html.render(page)), ("verdicts.tex", latex.render(page))):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            mend = "Give a folder that can be written."
            raise InputError(explain(f"symdiff check --report {folder}", {"problem": error}, mend)) from None
        errors.print(f"wrote {folder / name}", markup=False, highlight=False, soft_wrap=True)


def _status(page: Page) -> int:
    statuses = {row.verdict.status for row in page.rows}
    if "refuted" in statuses:
        return REFUTED
    return UNDECIDED if "undecided" in statuses else RIGHT


if __name__ == "__main__":
    sys.exit(main())
