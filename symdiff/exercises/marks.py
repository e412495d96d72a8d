"""What can be said of a cell? One of eight words, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["right", "follows", "agrees", "short", "empty", "missing", "unreadable", "wrong"]
# From the worst: a row is as good as its worst cell.
ORDER: tuple[Status, ...] = (
    "wrong", "unreadable", "missing", "empty", "short", "agrees", "follows", "right",
)  # fmt: skip
SIGNS: dict[Status, str] = {
    "right": "✓",
    "follows": "→",
    "agrees": "~",
    "short": "≈",
    "empty": " ",
    "missing": "-",
    "unreadable": "?",
    "wrong": "✗",
}


@dataclass(frozen=True)
class Mark:
    """``right``; ``follows``: right given an earlier wrong row; ``short``: right as far as it goes; or not right.

    ``agrees``: a formula that was tested at points and not proved. ``missing``: the row was taken off the sheet.

    ``note`` says in some words why, as far as that does not give the answer away.
    """

    status: Status
    note: str = ""


RIGHT, EMPTY = Mark("right"), Mark("empty")


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of some; ``right`` of none."""
    return min(statuses, key=ORDER.index, default="right")
