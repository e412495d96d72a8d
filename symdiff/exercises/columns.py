"""Which columns can a sheet have, and which cells of them are left empty? As ``9-13:value, backward:formula`` says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symdiff.derivations.steps import Derivation, Step
from symdiff.errors import InputError, explain
from symdiff.exercises.quantities import GIVEN

# Keys as they are asked for, and the headings of a sheet.
TITLES = {
    "formula": "Formula",
    "value": "Value",
    "source": "Value comes from",
    "structure": "Structure",
    "product": "Product",
    "saved": "Saved",
}
USUAL = ("formula", "value", "source")
_OTHERS = {
    "sources": "source",
    "from": "source",
    "formulas": "formula",
    "values": "value",
    "products": "product",
}
_ROWS = re.compile(r"(?P<first>[0-9]{1,5})(?:\s*-\s*(?P<last>[0-9]{1,5}))?")
_MOST_ITEMS = 200
MOST_ENTRIES = 30  # of a value that stands on a sheet


@dataclass(frozen=True)
class Blanks:
    """The empty cells, as pairs of step number and column; ``text`` says the same in short."""

    text: str
    cells: frozenset[tuple[int, str]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns with an empty cell, in the order of the sheet."""
        return tuple(key for key in TITLES if any(column == key for _, column in self.cells))


def usual_text(derivation: Derivation) -> str:
    """What is left empty if nothing is asked for: the values, or the formulas where there are no values."""
    return "value" if any(step.value is not None for step in derivation.steps) else "formula"


def blanks(derivation: Derivation, text: str, call: str = "symdiff explain --blank") -> Blanks:
    """The cells that a text asks for: items ``COLUMN``, ``ROWS`` or ``ROWS:COLUMN`` with commas between.

    ``ROWS`` is ``9``, ``9-13``, a phase (``backward``) or a quantity; several columns are joined by ``+``. What is
    given stays given. Raises InputError where an item says nothing, or nothing is left empty.
    """
    asked = text.strip() or usual_text(derivation)
    items = [item.strip() for item in asked.split(",") if item.strip()]
    found = {cell for item in items[:_MOST_ITEMS] for cell in _cells(derivation, item, call)}
    if not found:
        facts: dict[str, object] = {"blank": asked[:80], "empty cells": 0}
        raise InputError(explain(call, facts, "Ask for cells of steps that are computed, not given."))
    return Blanks(", ".join(items), frozenset(found))


def _cells(derivation: Derivation, item: str, call: str) -> Iterator[tuple[int, str]]:
    rows, colon, columns = item.rpartition(":")
    if not colon:
        is_column = all(_column(name) in TITLES for name in item.split("+"))
        rows, columns = ("", item) if is_column else (item, usual_text(derivation))
    keys = [_column(name) for name in columns.split("+")]
    steps = list(_steps(derivation, rows.strip()))
    if not steps or any(key not in TITLES for key in keys):
        facts: dict[str, object] = {"item": item[:80], "columns": ", ".join(TITLES)}
        raise InputError(
            explain(call, facts, "Write value, 9-13:value, backward:formula+value, or z1:formula.")
        )
    return ((step.number, key) for step in steps for key in keys if _can_be_empty(step, key))


def _column(name: str) -> str:
    key = name.strip().lower()
    return _OTHERS.get(key, key)


def _steps(derivation: Derivation, rows: str) -> Sequence[Step]:
    found = _ROWS.fullmatch(rows)
    if found is not None:
        numbers = range(int(found["first"]), int(found["last"] or found["first"]) + 1)
        return [step for step in derivation.steps if step.number in numbers]
    name = rows.replace("/", "_")
    return [
        step for step in derivation.steps if rows == "" or step.phase == rows or step.quantity in (rows, name)
    ]


def _can_be_empty(step: Step, key: str) -> bool:
    """Whether there is something to fill in: not for what is given, nor for a value that is long or not known."""
    if step.rule in GIVEN:
        return False
    if key == "value":
        return step.value is not None and step.value.size <= MOST_ENTRIES
    return key != "saved" or step.phase == "forward"
