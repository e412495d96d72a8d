"""What is a page made of? The claims with their verdicts, and printed values beside recomputed ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from symdiff.verdicts import Status, Verdict

STATUSES: tuple[Status, ...] = ("proved", "agrees", "refuted", "undecided")


@dataclass(frozen=True)
class PrintedRow:
    """A value as somebody printed it, and the same quantity recomputed to a few digits more."""

    file: str
    source: str | None
    quantity: str
    printed: str
    recomputed: str
    agrees: bool
    exact: str = ""


@dataclass(frozen=True)
class ClaimRow:
    """One marked claim: place, question, answer; ``seconds`` are shown on the terminal only."""

    file: str
    line: int
    name: str
    question: str
    source: str | None
    verdict: Verdict
    seconds: float = 0.0
    printed: PrintedRow | None = None
    formula: str | None = None

    @property
    def place(self) -> str:
        """``file:line``."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Page:
    """Everything that one run of ``symdiff check`` has to show."""

    title: str
    rows: tuple[ClaimRow, ...]
    printed: tuple[PrintedRow, ...] = ()

    @property
    def counts(self) -> dict[Status, int]:
        """How many claims have each status, in the order of ``STATUSES``."""
        found = Counter(row.verdict.status for row in self.rows)
        return {status: found[status] for status in STATUSES}

    @property
    def summary(self) -> str:
        """``61 claims: 58 proved, 3 agree, 0 refuted, 0 undecided``."""
        total = len(self.rows)
        parts = [f"{n} {_inflected(status, n)}" for status, n in self.counts.items()]
        return f"{total} {'claim' if total == 1 else 'claims'}: {', '.join(parts)}"

    @property
    def printed_summary(self) -> str:
        """``84 printed values: 82 agree, 2 differ``; empty when there are none."""
        total, wrong = len(self.printed), len(self.differing)
        if not total:
            return ""
        right = total - wrong
        return (
            f"{total} printed {'value' if total == 1 else 'values'}: "
            f"{right} {'agrees' if right == 1 else 'agree'}, {wrong} {'differs' if wrong == 1 else 'differ'}"
        )

    @property
    def refuted(self) -> tuple[ClaimRow, ...]:
        """The claims that are wrong."""
        return tuple(row for row in self.rows if row.verdict.status == "refuted")

    @property
    def undecided(self) -> tuple[ClaimRow, ...]:
        """The claims about which nothing is known."""
        return tuple(row for row in self.rows if row.verdict.status == "undecided")

    @property
    def differing(self) -> tuple[PrintedRow, ...]:
        """The printed values that are not what they should be."""
        return tuple(row for row in self.printed if not row.agrees)

    @property
    def agreeing(self) -> tuple[PrintedRow, ...]:
        """The printed values that are right to the digits printed."""
        return tuple(row for row in self.printed if row.agrees)

    @property
    def files(self) -> tuple[tuple[str, tuple[ClaimRow, ...]], ...]:
        """The claims of each file, in the order given."""
        return tuple((file, tuple(rows)) for file, rows in groupby(self.rows, key=lambda row: row.file))


def _inflected(status: Status, count: int) -> str:
    return "agree" if status == "agrees" and count != 1 else status
