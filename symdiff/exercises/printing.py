"""How does an exercise sheet look on paper? A page and a LaTeX document with boxes to write into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
from jinja2 import Template

from symdiff.derivations.rendering.html import mathml
from symdiff.derivations.rendering.latex import mathematics
from symdiff.derivations.steps import Step
from symdiff.derivations.writing.equations import equations
from symdiff.exercises.columns import TITLES
from symdiff.exercises.sheets import Sheet
from symdiff.pages import html, latex


@dataclass(frozen=True)
class Cell:
    """A box to write into, so many rows high, a formula in LaTeX, or text."""

    column: str
    kind: Literal["box", "formula", "text"]
    text: str = ""
    rows: int = 1


@dataclass(frozen=True)
class Line:
    """One step: its number, its quantity in LaTeX, and its cells."""

    number: int
    quantity: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Part:
    """The lines of one phase."""

    title: str
    lines: tuple[Line, ...]


def to_html(sheet: Sheet) -> str:
    """The sheet as one page that prints well."""
    return _rendered(html.environment().get_template("exercise.html.j2"), sheet, math=mathml)


def to_latex(sheet: Sheet) -> str:
    """The sheet as a document that compiles as it is."""

    def math(text: str) -> str:
        return mathematics([text])

    return _rendered(latex.environment().get_template("exercise.tex.j2"), sheet, math=math)


def _rendered(template: Template, sheet: Sheet, **tools: object) -> str:
    return template.render(
        name=sheet.derivation.name,
        parts=parts(sheet),
        columns=[(column, TITLES[column].lower()) for column in sheet.columns],
        inputs=sheet.inputs,
        digits=sheet.digits if "value" in sheet.blanks.columns else None,
        **tools,
    )


def parts(sheet: Sheet) -> tuple[Part, ...]:
    """The lines of the sheet, phase by phase."""
    lines = [
        (step.phase, Line(step.number, told.left, tuple(_cells(sheet, step, told.right))))
        for step, told in zip(sheet.derivation.steps, equations(sheet.derivation), strict=True)
    ]
    return tuple(
        Part(phase.capitalize(), tuple(line for _, line in group))
        for phase, group in groupby(lines, key=lambda pair: pair[0])
    )


def _cells(sheet: Sheet, step: Step, formula: str) -> Iterator[Cell]:
    for column in sheet.columns:
        if (step.number, column) in sheet.blanks.cells:
            is_matrix = column == "value" and len(step.shape) > 1
            yield Cell(column, "box", rows=len(np.asarray(step.value)) if is_matrix else 1)
        elif column == "formula":
            yield Cell(column, "formula" if formula else "text", formula)
        else:
            yield Cell(column, "text", sheet.key(step, column))
