"""What is an exercise sheet? A head with lines ``name: text``, and a table of steps with empty cells, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from symdiff.derivations.steps import Derivation, Step
from symdiff.derivations.values import rounded
from symdiff.exercises.columns import MOST_ENTRIES, TITLES, USUAL, Blanks
from symdiff.exercises.quantities import GIVEN
from symdiff.exercises.word_marks import NONE

LINE = "________"
_WIDE = {"formula": 3 * LINE, "product": 2 * LINE}
_ENTRY = "____"
_MOST_INPUT = 400


@dataclass(frozen=True)
class Sheet:
    """One exercise: where its function is, what is left empty, to how many digits, and its steps.

    ``key`` is the whole table, ``blanks`` says which of its cells are shown empty.
    """

    place: str
    derivation: Derivation
    blanks: Blanks
    digits: int
    inputs: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns beside step and quantity: the usual ones, and those with empty cells."""
        return tuple(c for c in TITLES if (c in USUAL and self._has(c)) or c in self.blanks.columns)

    def _has(self, column: str) -> bool:
        return any(self.key(step, column) for step in self.derivation.steps)

    def key(self, step: Step, column: str) -> str:
        """What belongs into a cell."""
        return key(step, column, self.digits)

    def shown(self, step: Step, column: str) -> str:
        """What the sheet shows in a cell."""
        if (step.number, column) not in self.blanks.cells:
            return self.key(step, column)
        return skeleton(step) if column == "value" else _WIDE.get(column, LINE)

    def text(self, *, filled: bool = False) -> str:
        """The sheet; ``filled`` with the key."""
        name = self.derivation.name
        head = {
            "sheet": self.place,
            "blank": self.blanks.text,
            "digits": str(self.digits),
            "inputs": self.inputs,
        }
        lines = [f"# {name}, step by step", ""]
        lines += [f"{word}: {text}  " for word, text in head.items() if text]
        lines += ["", f"Fill in the empty cells ({LINE}). {self._how()}", ""]
        for phase, steps in groupby(self.derivation.steps, key=lambda step: step.phase):
            lines += [f"## {phase.capitalize()}", "", *self._table(list(steps), filled), ""]
        return "\n".join(lines)

    def _how(self) -> str:
        """How to write what is left empty."""
        told = {
            "value": f"Numbers: {self.digits} significant digits (0.0123, 1.23e-2), or exact (3/7).",
            "formula": "Formulas: in terms of quantities above (w*x + b, W @ x, exp(-z), [z > 0]).",
            "source": "Where a value comes from: the numbers of its steps.",
        }
        marked = "`symdiff check` and the name of this file mark them row by row."
        return " ".join([*(told[c] for c in self.blanks.columns if c in told), marked])

    def _table(self, steps: Sequence[Step], filled: bool) -> Iterator[str]:
        cell = self.key if filled else self.shown
        rows = [["Step", "Quantity", *(TITLES[c] for c in self.columns)]]
        rows += [[str(s.number), label(s), *(cell(s, c) for c in self.columns)] for s in steps]
        texts = [[text.replace("|", r"\|") for text in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        rule = ["-" * (width - 1) + ":" if k == 0 else "-" * width for k, width in enumerate(widths)]
        for row in (texts[0], rule, *texts[1:]):
            padded = [
                text.rjust(w) if k == 0 else text.ljust(w)
                for k, (text, w) in enumerate(zip(row, widths, strict=True))
            ]
            yield f"| {' | '.join(padded)} |"


def label(step: Step) -> str:
    """``dL/dz1`` for a derivative; a share that reaches the loss directly says so."""
    if step.above is None or step.below is None or not step.quantity.startswith("d"):
        return step.quantity
    return f"d{step.above}/d{step.below}{' direct' if step.quantity.endswith('_direct') else ''}"


def sources(step: Step) -> str:
    """``steps 9, 14``."""
    numbers = ", ".join(map(str, sorted(step.sources)))
    return f"step{'s' if len(step.sources) > 1 else ''} {numbers}" if numbers else ""


def key(step: Step, column: str, digits: int) -> str:
    """What belongs into a cell of a step."""
    is_given = step.rule in GIVEN
    match column:
        case "formula":
            return step.formula
        case "value":
            is_short = step.value is not None and step.value.size <= MOST_ENTRIES
            return rounded(step.value, digits) if is_short else ""
        case "source":
            return sources(step) or ("" if is_given else NONE)
        case "structure":
            return step.structure
        case "product":
            return ", ".join(step.products) or ("" if is_given else NONE)
    return ("saved" if step.saved else "no") if step.phase == "forward" else ""


def skeleton(step: Step) -> str:
    """A line to write on, or the brackets of an array with one for each entry."""
    return LINE if step.shape == () else _brackets(np.asarray(step.value).shape)


def _brackets(shape: tuple[int, ...]) -> str:
    return f"[{', '.join([_brackets(shape[1:])] * shape[0])}]" if shape else _ENTRY


def inputs_text(named: Mapping[str, Any]) -> str:
    """The inputs in one line: ``x = 2, W = [[1, 2]]``; long ones are left to the file."""
    told = [f"{name} = {text}" for name, value in named.items() if (text := _plain(value)) is not None]
    return ", ".join(told)


def _plain(value: Any) -> str | None:
    if isinstance(value, str) or not isinstance(value, (int, float, np.ndarray, np.generic, list, tuple)):
        return None
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    text = _nested(array)
    return text if len(text) <= _MOST_INPUT else None


def _nested(array: Any) -> str:
    if array.ndim:
        return f"[{', '.join(map(_nested, array))}]"
    return re.sub(r"\.0$", "", repr(float(array)))
