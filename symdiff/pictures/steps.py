"""How do the steps of a derivation look as a picture? As a table in SVG, which stands beside the graph."""

from __future__ import annotations

from collections.abc import Iterator

from symdiff.derivations.steps import Derivation, Step
from symdiff.derivations.values import rounded
from symdiff.derivations.writing.equations import equations
from symdiff.derivations.writing.symbols import symbol
from symdiff.pictures.boxes import GAP, Line
from symdiff.pictures.quantities import signed
from symdiff.pictures.svg import MARGIN, document, number, row
from symdiff.pictures.typesetting import Text, joined, plain, typeset, wrapped

_NUMBER, _EQUATION, _VALUE, _SOURCES = 22.0, 34.0, 340.0, 354.0  # ends at, begins at, ends at, begins at
_WIDE = 430.0
_SIZE, _ROW = 13.0, 8.0  # of the text, and above it
_MANY = 4  # entries of a value that are shown


def to_svg(derivation: Derivation, digits: int = 6) -> str:
    """Number, equation, value and sources of each step; the same derivation gives the same text."""
    rows = _Rows(derivation, digits)
    body = "\n".join(rows.all())
    title = f"The steps of {derivation.name}, by {', '.join(derivation.by)}"
    told = "; ".join(
        f"{s.number}: {s.quantity}{f' = {s.formula}' if s.formula else ''}" for s in derivation.steps
    )
    return document(
        title, f"{told}. Checked: {derivation.checked}.", _WIDE + 2 * MARGIN, rows.top, MARGIN, body
    )


class _Rows:
    """The rows from top to bottom; ``top`` is where the next one begins."""

    def __init__(self, derivation: Derivation, digits: int) -> None:
        self.derivation, self.digits, self.top = derivation, digits, 0.0
        self.literal = {
            latex: name for name in derivation.names.values() if (latex := symbol(name)).startswith(r"\text")
        }

    def all(self) -> Iterator[str]:
        phase = ""
        for step, told in zip(self.derivation.steps, equations(self.derivation), strict=True):
            if step.phase != phase:
                phase = step.phase
                yield from self.heading(phase)
            latex = str(told).replace(r"\,", r"\cdot") if step.factors else str(told)
            yield from self.step(step, typeset(latex, self.literal))
        self.top += 14
        for line in wrapped(plain(f"Checked: {self.derivation.checked}."), _SIZE, _WIDE):
            yield row(Line(line, _SIZE, "soft"), 0, self.top, "start")
            self.top += _SIZE + GAP
        self.top += 2 * MARGIN

    def heading(self, phase: str) -> Iterator[str]:
        """The name of a phase, and what stands in the columns."""
        self.top += 16.0 if self.top else 0.0
        yield row(Line(plain(phase.capitalize()), 15), 0, self.top, "start")
        if self.top == 0:
            yield row(Line(plain("value"), 12, "soft"), _VALUE, self.top + 2, "end")
            yield row(Line(plain("from steps"), 12, "soft"), _SOURCES, self.top + 2, "start")
        self.top += 15 + _ROW

    def step(self, step: Step, equation: Text) -> Iterator[str]:
        """One step on as many lines as its equation needs, under a thin line."""
        y = number(self.top - _ROW / 2)
        yield f'<path class="rule" d="M0 {y}H{number(_WIDE)}"/>'
        yield row(Line(plain(str(step.number)), 12, "soft"), _NUMBER, self.top + 1, "end")
        value = ""
        if step.value is not None and step.value.size <= _MANY:
            value = signed(rounded(step.value, self.digits))
        yield row(Line(plain(value), _SIZE), _VALUE, self.top, "end")
        yield row(
            Line(plain(", ".join(map(str, sorted(step.sources)))), 12, "soft"),
            _SOURCES,
            self.top + 1,
            "start",
        )
        tone = "back" if step.phase == "backward" else "ink"
        for k, line in enumerate(wrapped(equation, _SIZE, _VALUE - _EQUATION - 90)):
            shown = joined(plain("  "), line) if k else line
            yield row(Line(shown, _SIZE, "back" if tone == "back" else "ink"), _EQUATION, self.top, "start")
            self.top += _SIZE + GAP
        self.top += _ROW - GAP + 2
