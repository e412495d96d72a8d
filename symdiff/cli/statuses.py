"""With which status does a command end, and where does it write?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from symdiff.errors import InputError, explain
from symdiff.verdicts import Status

RIGHT, REFUTED, BAD_INPUT, UNDECIDED = 0, 1, 2, 3


def status_of(statuses: Iterable[Status]) -> int:
    """The exit status of some verdicts."""
    found = set(statuses)
    if "refuted" in found:
        return REFUTED
    return UNDECIDED if "undecided" in found else RIGHT


def write(folder: Path, files: dict[str, str], call: str, errors: Console) -> None:
    """Write pages into a folder, and say so."""
    for name, text in files.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            mend = "Give a folder that can be written."
            raise InputError(explain(f"{call} --report {folder}", {"problem": error}, mend)) from None
        errors.print(f"wrote {folder / name}", markup=False, highlight=False, soft_wrap=True)
