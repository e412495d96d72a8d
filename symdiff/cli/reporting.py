"""``symdiff report`` writes a report for each chapter of the lecture notes, as a page and as LaTeX, and an index."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from symdiff.chapters.comparing import differing
from symdiff.chapters.contents import Chapter, chosen
from symdiff.chapters.files import files_of
from symdiff.chapters.sources import Examples
from symdiff.chapters.writing import Report
from symdiff.cli.statuses import REFUTED, RIGHT, write
from symdiff.pages import terminal


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    reported = commands.add_parser("report", help="write a report for each chapter of the lecture notes")
    reported.set_defaults(run=run)
    reported.add_argument("chapters", nargs="*", metavar="CHAPTER", help="numbers or names; all if none")
    reported.add_argument("--out", type=Path, default=Path("reports"), metavar="DIR", help="where to write")
    reported.add_argument(
        "--examples", type=Path, default=Path("examples"), metavar="DIR", help="where the worked examples are"
    )
    reported.add_argument(
        "--check", action="store_true", help="write nothing; say which files differ from a fresh run"
    )


def run(arguments: argparse.Namespace, errors: Console) -> int:
    """Write the reports, or compare them with those that are there."""
    chapters = chosen(arguments.chapters)
    reports: dict[Chapter, Report] = {}
    with terminal.progress(errors) as progress:
        task = progress.add_task("report", total=len(chapters))

        def watch(label: str) -> None:
            progress.update(task, description=label)

        examples = Examples(arguments.examples, watch)
        for chapter in chapters:
            watch(chapter.title)
            reports[chapter] = chapter.report(examples)
            progress.advance(task)
    files = files_of(reports, arguments.out)
    if not arguments.check:
        write(arguments.out, files, "symdiff report", errors)
        return RIGHT
    wrong = differing(files, arguments.out)
    for name in wrong:
        print(f"{arguments.out / name} differs from a fresh run")
    print(f"{len(files) - len(wrong)} of {len(files)} files are as a fresh run writes them")
    return REFUTED if wrong else RIGHT
