"""``symdiff check SHEET`` marks filled-in exercise sheets; the functions are in the Python files that they name."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console

from symdiff.cli.deriving import SEPARATOR, subjects
from symdiff.cli.statuses import BAD_INPUT, REFUTED, RIGHT, UNDECIDED
from symdiff.errors import InputError, SymdiffError, explain
from symdiff.exercises import showing
from symdiff.exercises.marking import Marking, mark
from symdiff.exercises.reading import ENDINGS, LARGEST, Written, read
from symdiff.exercises.subjects import Subject

_WORST = (BAD_INPUT, REFUTED, UNDECIDED, RIGHT)


def is_sheet(path: Path) -> bool:
    """Whether a name is that of an exercise sheet."""
    return path.suffix in ENDINGS


def sheets_in(paths: Sequence[Path]) -> list[Path]:
    """The sheets that are named, and those of folders: what others hand in is never imported."""
    found = [q for p in paths for q in (sorted(p.rglob("*")) if p.is_dir() else [p]) if q.is_file() or q == p]
    sheets = [path for path in found if is_sheet(path)]
    others = [path for path in paths if not path.is_dir() and not is_sheet(path)]
    if others or not sheets:
        facts: dict[str, object] = {
            "paths": ", ".join(map(str, others or paths)),
            "sheets": ", ".join(ENDINGS),
        }
        raise InputError(
            explain("symdiff check --exercise", facts, "Name sheets, or folders that hold some.")
        )
    return sheets


def joined(statuses: Iterable[int]) -> int:
    """One exit status for several."""
    return min(statuses, key=_WORST.index, default=RIGHT)


def run(paths: Sequence[Path], arguments: argparse.Namespace, errors: Console) -> int:
    """Mark sheets and show them; one that cannot be read does not keep the others from being marked."""
    console, statuses, files = Console(), [], []
    known: dict[str, Subject] = {}
    for path in paths:
        found: list[Marking] = []
        try:
            for written in _written(path):
                subject = _subject(path, written, arguments.exercise, known)
                found.append(mark(written, subject, by_file=arguments.exercise is not None))
        except SymdiffError as error:
            told = str(error) if str(path) in str(error) else f"{path}: {error}"
            errors.print(told, markup=False, highlight=False, soft_wrap=True)
            statuses.append(BAD_INPUT)
        statuses += [status_of(marking) for marking in found]
        files.append(showing.as_data(path.as_posix(), found))
        if not arguments.json:
            for marking in found:
                console.print(str(path), markup=False, highlight=False, soft_wrap=True)
                showing.show(console, marking, arguments.verbose)
    if arguments.json:
        print(showing.as_json(files))
    elif len(paths) > 1:
        console.print()
        showing.show_overview(console, files)
    return joined(statuses)


def status_of(marking: Marking) -> int:
    """2 where lines could not be used, 1 where a row is wrong, 3 where one is open or not proved, else 0."""
    found = set(marking.counts)
    if marking.problems:
        return BAD_INPUT
    if "wrong" in found:
        return REFUTED
    return UNDECIDED if found & {"empty", "missing", "unreadable", "short", "agrees"} else RIGHT


def _written(path: Path) -> list[Written]:
    call = f"symdiff check {path}"
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise InputError(
                explain(call, {"bytes": size, "most": LARGEST}, "Give a sheet of ordinary length.")
            )
        text = path.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise InputError(explain(call, {"problem": error}, "Give a sheet that exists.")) from None
    found = read(text)
    if not found:
        mend = "Give a Python file, or a sheet with its line `sheet: FILE.py::FUNCTION`."
        raise InputError(explain(call, {"file": path}, mend))
    return found


def _subject(path: Path, written: Written, exercise: Path | None, known: dict[str, Subject]) -> Subject:
    """The function of a sheet: in the file that it names, beside the sheet or here, or in a given one.

    Sheets of one function share it: its derivation is made once.
    """
    told = written.head["sheet"].strip("`* ")
    file, separator, function = told.partition(SEPARATOR)
    call = f"symdiff check {path}, line {written.line}"
    if not (separator and function and file.endswith(".py")):
        raise InputError(explain(call, {"sheet": told[:80]}, "Write sheet: FILE.py::FUNCTION."))
    places = [exercise] if exercise is not None else [path.parent / file, Path(file)]
    place = next((p for p in places if p.is_file()), None)
    if place is None:
        facts: dict[str, object] = {"file": file[:200], "looked in": ", ".join(str(p) for p in places)[:400]}
        raise InputError(
            explain(call, facts, "Put the sheet beside the Python file, or give --exercise FILE.py.")
        )
    name = f"{place.resolve()}{SEPARATOR}{function}"
    if name not in known:
        known[name] = subjects(f"{place}{SEPARATOR}{function}", "symdiff check")[function]
    return known[name]
