"""Which reports are there? One for each chapter of the notes, in order, and an index of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from symdiff.chapters import (
    jacobians,
    losses,
    matrices,
    mechanics,
    optimizers,
    second_order,
    transformer,
    worked,
)
from symdiff.chapters.sources import Examples
from symdiff.chapters.writing import Report, report
from symdiff.errors import InputError, explain

Gather = Callable[[Examples], dict[str, Any]]


@dataclass(frozen=True)
class Chapter:
    """A report: its number, its name and title, which part of the notes it is about, and what it gathers."""

    number: int
    name: str
    title: str
    part: str
    gather: Gather

    @property
    def file(self) -> str:
        """The name of its files, without ending."""
        return f"{self.number}-{self.name}"

    @property
    def template(self) -> str:
        """The name of its template."""
        return f"chapter_{self.number}.md.j2"

    def report(self, examples: Examples) -> Report:
        """The report, from a fresh run."""
        return report(self.template, self.gather(examples))


CHAPTERS = (
    Chapter(
        1, "activations-and-losses", "Activations and losses", "sections 1.1, 1.2 and 1.4", losses.gather
    ),
    Chapter(2, "optimizers", "Optimizers", "section 1.3", optimizers.gather),
    Chapter(
        3,
        "training-mechanics",
        "Training mechanics",
        "sections 1.5 to 1.7, tables 1.1 to 1.3",
        mechanics.gather,
    ),
    Chapter(
        4,
        "worked-examples",
        "Worked examples",
        "sections 2.7, 2.8 and 2.10, tables 2.1 to 2.7",
        worked.gather,
    ),
    Chapter(5, "matrix-form", "Matrix form", "section 2.9, tables 2.8 and 2.9", matrices.gather),
    Chapter(6, "second-order", "Second order", "section 2.11", second_order.gather),
    Chapter(7, "jacobians", "Jacobians", "chapter 3", jacobians.gather),
    Chapter(8, "vision-transformer", "Vision Transformer", "chapter 4", transformer.gather),
)


def chosen(names: Sequence[str]) -> tuple[Chapter, ...]:
    """The chapters of some names or numbers, all if none is given; InputError for an unknown one."""
    unknown = [n for n in names if not any(n in (str(c.number), c.name, c.file) for c in CHAPTERS)]
    if unknown:
        known = ", ".join(f"{chapter.number} {chapter.name}" for chapter in CHAPTERS)
        facts: dict[str, object] = {"unknown": ", ".join(unknown), "known": known}
        raise InputError(explain("symdiff report", facts, "Give numbers or names of chapters."))
    return tuple(c for c in CHAPTERS if not names or {str(c.number), c.name, c.file} & {*names})
