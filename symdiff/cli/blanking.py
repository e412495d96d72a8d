"""``symdiff explain FILE.py::FUNCTION --blank`` writes an exercise sheet: the derivation with empty cells."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from symdiff.cli.deriving import SEPARATOR, is_file, subjects
from symdiff.cli.statuses import write
from symdiff.errors import InputError, explain
from symdiff.exercises.columns import TITLES, blanks
from symdiff.exercises.printing import to_html, to_latex
from symdiff.exercises.reading import ENDINGS
from symdiff.exercises.sheets import Sheet, inputs_text

_CALL = "symdiff explain --blank"


def add_options(explained: argparse.ArgumentParser) -> None:
    """The options of exercise sheets."""
    explained.add_argument(
        "--blank", nargs="?", const="", metavar="CELLS",
        help=f"an exercise sheet with empty cells: {', '.join(TITLES)}, 9-13:value, backward:formula+value",
    )  # fmt: skip
    explained.add_argument("--out", type=Path, metavar="FILE", help="write the exercise sheet there")
    explained.add_argument("--filled", action="store_true", help="with --blank: the key of the sheet")


def require_sheet(arguments: argparse.Namespace) -> None:
    """Raise InputError where options of sheets are given and there is no sheet."""
    asked = [name for name in ("blank", "out", "filled") if getattr(arguments, name) not in (None, False)]
    if asked and not (is_file(arguments.name) and "blank" in asked):
        facts: dict[str, object] = {"options": ", ".join(f"--{name}" for name in asked)}
        mend = "Exercise sheets are of functions: symdiff explain FILE.py::FUNCTION --blank [CELLS]."
        raise InputError(explain(f"symdiff explain {arguments.name}", facts, mend))


def run(arguments: argparse.Namespace, errors: Console) -> int:
    """Print the sheets of the functions of a file, or write them; for paper too where a folder is given."""
    sheets = list(_sheets(arguments))
    text = "\n".join(sheet.text(filled=arguments.filled) for sheet in sheets)
    for sheet in sheets if arguments.report is not None else ():
        name = f"{re.sub(r'[^A-Za-z0-9_.-]', '_', sheet.derivation.name)}_exercise"
        pages = {f"{name}.html": to_html(sheet), f"{name}.tex": to_latex(sheet)}
        write(arguments.report, pages, _CALL, errors)
    if arguments.out is None:
        print(text)
        return 0
    _write(arguments.out, text)
    errors.print(f"wrote {arguments.out}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _sheets(arguments: argparse.Namespace) -> Iterator[Sheet]:
    file = Path(arguments.name.partition(SEPARATOR)[0])
    place = Path(os.path.relpath(file, arguments.out.parent)) if arguments.out is not None else file
    for name, subject in subjects(arguments.name, _CALL).items():
        derivation = subject.derivation
        empty = blanks(derivation, arguments.blank)
        inputs = inputs_text(subject.named)
        yield Sheet(f"{place.as_posix()}{SEPARATOR}{name}", derivation, empty, arguments.digits, inputs)


def _write(path: Path, text: str) -> None:
    """Write a sheet; what somebody may have filled in already is never lost."""
    if path.suffix not in ENDINGS:
        facts: dict[str, object] = {"file": path, "endings": ", ".join(ENDINGS)}
        raise InputError(
            explain(f"{_CALL} --out {path}", facts, "Use one of these, so that `symdiff check` knows it.")
        )
    try:
        if path.exists() and path.read_text(encoding="utf-8", errors="replace") != text:
            mend = "Name another file, or remove this one: it may hold somebody's work."
            raise InputError(explain(f"{_CALL} --out {path}", {"file": "exists"}, mend))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        mend = "Give a file that can be written."
        raise InputError(explain(f"{_CALL} --out {path}", {"problem": error}, mend)) from None
