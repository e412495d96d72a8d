"""``symdiff explain NAME`` is the page of one entry, or the derivation of the functions of a file."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from rich.console import Console

from symdiff.cli import blanking, deriving
from symdiff.cli.listing import require_file
from symdiff.cli.statuses import status_of, write
from symdiff.collecting import import_file
from symdiff.library.sheets import sheet_of
from symdiff.library.shelves import find
from symdiff.pages import entry_html, entry_terminal, terminal
from symdiff.pages.sheets import Sheet, as_json


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    explained = commands.add_parser(
        "explain", help="everything about one entry of the library, or the derivation of a function"
    )
    explained.set_defaults(run=run)
    explained.add_argument(
        "name", metavar="NAME", help="as `symdiff list` shows it, or FILE.py or FILE.py::FUNCTION"
    )
    explained.add_argument("file", nargs="?", metavar="FILE", help="a Python file that registers it")
    explained.add_argument("--report", type=Path, metavar="DIR", help="write NAME.html there, with a plot")
    explained.add_argument(
        "--digits", type=int, default=6, help="significant digits of a derivation's values"
    )
    blanking.add_options(explained)
    explained.add_argument(
        "--indices",
        action="store_true",
        help="on a derivation's pages, index notation beside matrix notation",
    )
    explained.add_argument("--json", action="store_true", help="print for machines")


def run(arguments: argparse.Namespace, errors: Console) -> int:
    """Judge one entry and show it."""
    blanking.require_sheet(arguments)
    if deriving.is_file(arguments.name):
        return (deriving.run if arguments.blank is None else blanking.run)(arguments, errors)
    if arguments.file is not None:
        require_file(arguments.file, "symdiff explain")
        import_file(Path(arguments.file), "symdiff explain")
    sheet = _judged(arguments.name, errors)
    if arguments.json:
        print(as_json(sheet))
    else:
        entry_terminal.show(Console(), sheet)
    if arguments.report is not None:
        file = f"{re.sub(r'[^A-Za-z0-9_-]', '_', sheet.card.name)}.html"
        write(arguments.report, {file: entry_html.render(sheet)}, "symdiff explain", errors)
    return status_of(sheet.statuses)


def _judged(name: str, errors: Console) -> Sheet:
    entry = find(name)
    with terminal.progress(errors) as progress:
        task = progress.add_task(name, total=len(list(entry.questions())) + len(entry.slips) + 2)

        def watch(label: str) -> None:
            progress.update(task, description=f"{name}: {label}", advance=1)

        return sheet_of(entry, watch)
