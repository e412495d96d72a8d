"""``symdiff list`` shows the library, or what a file registers; with ``--check`` everything is judged."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from symdiff.cli.statuses import status_of
from symdiff.collecting import import_file
from symdiff.errors import InputError, explain
from symdiff.library.entries import Entry, Slip
from symdiff.library.sheets import card_of
from symdiff.library.shelves import SHELVES, registry
from symdiff.pages import entry_terminal, terminal
from symdiff.pages.json import as_json
from symdiff.pages.rows import ClaimRow, Page
from symdiff.pages.sheets import cards_as_json
from symdiff.verdicts import Evidence, Verdict


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    listed = commands.add_parser("list", help="show the library's entries, or those that files register")
    listed.set_defaults(run=run)
    kinds = ", ".join(SHELVES)
    listed.add_argument("what", nargs="*", metavar="KIND_OR_FILE", help=f"{kinds}, or a Python file")
    listed.add_argument("--json", action="store_true", help="print for machines")
    listed.add_argument("--check", action="store_true", help="judge every claim, fact and wrong twin")


def run(arguments: argparse.Namespace, errors: Console) -> int:
    """Show the entries, or judge them."""
    entries = chosen(arguments.what)
    if arguments.check:
        page = _judge_all(entries, errors)
        if arguments.json:
            print(as_json(page))
        else:
            _show(page)
        return status_of(row.verdict.status for row in page.rows)
    cards = tuple(card_of(entry) for entry in entries)
    if arguments.json:
        print(cards_as_json(cards))
    else:
        entry_terminal.registry_table(Console(), cards)
    return 0


def chosen(what: list[str]) -> tuple[Entry, ...]:
    """The entries of some kinds, or those that files register, in the order of the shelves."""
    singular: dict[str, str] = {name: kind for kind in SHELVES for name in (kind, f"{kind}s")}
    singular |= {"losses": "loss"}
    kinds = {singular[name] for name in what if name in singular}
    files = [name for name in what if name not in singular]
    before = {id(entry) for entry in registry()}
    for name in files:
        require_file(name, "symdiff list")
        import_file(Path(name), "symdiff list")
    found = [entry for entry in registry() if not files or id(entry) not in before]
    entries = tuple(entry for entry in found if not kinds or entry.kind in kinds)
    if not entries:
        facts: dict[str, object] = {"asked": " ".join(what), "entries": 0}
        mend = "Let the file make an Entry(fn, kind, cases, source=...)."
        raise InputError(explain("symdiff list", facts, mend))
    return entries


def require_file(name: str, call: str) -> None:
    """Raise InputError unless there is such a Python file."""
    if not (name.endswith(".py") and Path(name).is_file()):
        mend = f"Give one of {', '.join(SHELVES)}, or a Python file that exists."
        raise InputError(explain(f"{call} {name}", {"name": name}, mend))


def _judge_all(entries: tuple[Entry, ...], errors: Console) -> Page:
    questions = [(entry, label, judge) for entry in entries for label, judge in _questions(entry)]
    rows = []
    with terminal.progress(errors) as progress:
        task = progress.add_task("judging", total=len(questions))
        for entry, label, judge in questions:
            progress.update(task, description=f"{entry.name}: {label}")
            start = time.perf_counter()
            verdict = judge()
            seconds = time.perf_counter() - start
            line = entry.fn.__code__.co_firstlineno if hasattr(entry.fn, "__code__") else 0
            rows.append(ClaimRow(entry.name, line, label, verdict.question, None, verdict, seconds))
            progress.advance(task)
    return Page("library", tuple(rows))


def _questions(entry: Entry) -> Iterator[tuple[str, Callable[[], Verdict]]]:
    yield from entry.questions()
    for slip in entry.slips:
        yield f"wrong twin {slip.claim.__name__}", lambda slip=slip: refutation(entry, slip)  # type: ignore[misc]


def refutation(entry: Entry, slip: Slip) -> Verdict:
    """Whether a wrong twin is refuted under its own kind, as a verdict."""
    verdict = entry.judge(slip, slip.case)
    found = verdict.mistake.kind if verdict.mistake else "no mistake"
    question = f"{slip.claim.__name__} is refuted as {slip.kind}"
    if verdict.status == "refuted" and found == slip.kind:
        roads = (f"refuted as {found}",)
        return Verdict("proved", question, f"refuted as {found}", Evidence(roads))
    return Verdict("refuted", question, verdict.scope, reason=f"it is {verdict.status} as {found}")


def _show(page: Page) -> None:
    console = Console()
    terminal.table(console, page)
    for row in page.refuted + page.undecided:
        console.print(f"\n{row.file}: {row.name}", markup=False, highlight=False, soft_wrap=True)
        console.print(
            f"  {row.verdict.status}: {row.verdict.reason}", markup=False, highlight=False, soft_wrap=True
        )
    console.print(page.summary, markup=False, highlight=False)
