"""What can be said of a cell? One of six words, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["right", "follows", "short", "empty", "unreadable", "wrong"]
# From the worst: a row is as good as its worst cell.
ORDER: tuple[Status, ...] = ("wrong", "unreadable", "empty", "short", "follows", "right")
SIGNS: dict[Status, str] = {
    "right": "✓",
    "follows": "→",
    "short": "≈",
    "empty": " ",
    "unreadable": "?",
    "wrong": "✗",
}


@dataclass(frozen=True)
class Mark:
    """``right``; ``follows``: right given an earlier wrong row; ``short``: right as far as it goes; or not right.

    ``note`` says in some words why, as far as that does not give the answer away.
    """

    status: Status
    note: str = ""


RIGHT, EMPTY = Mark("right"), Mark("empty")


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of some; ``right`` of none."""
    return min(statuses, key=ORDER.index, default="right")
