"""How good is a filled-in sheet? Row by row, the cells that were left empty; others only where they were changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from symdiff.derivations.steps import Derivation, Step
from symdiff.errors import InputError, explain
from symdiff.exercises import numbers
from symdiff.exercises.columns import TITLES, Blanks, blanks
from symdiff.exercises.comparing import Judge, given_inputs
from symdiff.exercises.formula_marks import FormulaJudge, FormulaMark
from symdiff.exercises.marks import Mark, Status, worst
from symdiff.exercises.quantities import GIVEN, Quantities
from symdiff.exercises.reading import Problem, Row, Written, head_values
from symdiff.exercises.sheets import key, label
from symdiff.exercises.subjects import Subject
from symdiff.exercises.value_marks import ValueJudge
from symdiff.exercises.word_marks import mark_sources, mark_words

_PLURALS: Mapping[Status, str] = {
    "follows": "follow through",
    "agrees": "tested, not proved",
    "short": "with too few digits",
}
_MOST_DIGITS, _USUAL_DIGITS = 30, 6
_OWN_INPUTS = "marked at inputs that the sheet gives"
_OTHER_INPUTS = "marked at the inputs of the file, the sheet has others"
_MISSING = Mark("missing", "the row is not on the sheet")


@dataclass(frozen=True)
class CellMark:
    """One cell: what was written, what belongs there, and its mark."""

    column: str
    written: str
    key: str
    mark: Mark


@dataclass(frozen=True)
class RowMark:
    """One row: its cells that were to be filled in, or were changed."""

    number: int
    quantity: str
    line: int
    cells: tuple[CellMark, ...]

    @property
    def status(self) -> Status:
        """That of the worst cell."""
        return worst(cell.mark.status for cell in self.cells)


@dataclass(frozen=True)
class Marking:
    """The marks of one sheet; ``problems`` are the lines that could not be used, ``sizes`` those of the formulas.

    ``head`` tells what the head of the sheet has a say in: how much was asked, to how many digits, at which inputs.
    """

    place: str
    rows: tuple[RowMark, ...]
    problems: tuple[Problem, ...] = ()
    sizes: str = ""
    head: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[Status]:
        """How many rows have which status."""
        return Counter(row.status for row in self.rows)

    @property
    def summary(self) -> str:
        """``17 of 23 rows right, 3 follow through, 2 wrong, 1 empty; 23 of 23 rows asked (value)``."""
        counts = self.counts
        others: tuple[Status, ...] = ("follows", "wrong", "agrees", "short", "unreadable", "empty", "missing")
        told = [f"{counts[s]} {_PLURALS.get(s, s)}" for s in others if counts[s]]
        score = ", ".join([f"{counts['right']} of {len(self.rows)} rows right", *told])
        return "; ".join([score, *self.head])

    def first(self, status: Status) -> RowMark | None:
        """The first row with a status."""
        return next((row for row in self.rows if row.status == status), None)


def mark(written: Written, subject: Subject, *, by_file: bool = False) -> Marking:
    """The marks of one sheet about a function.

    ``by_file``: the inputs of the subject hold, whatever the sheet says, and no row may be missing.
    Raises InputError where the head of the sheet does not fit the function.
    """
    found = _at_written_inputs(written, subject)
    about = subject if by_file else found
    derivation = about.derivation
    concrete, sizes = about.concrete
    asked = blanks(derivation, written.head.get("blank", ""), f"sheet, line {written.line}: blank")
    marker = _Marker(written, derivation, concrete, concrete.derivation, asked, by_file)
    rows = tuple(marker.rows())
    head = [_asked(derivation, asked)]
    if any(column == "value" for _, column in asked.cells) and marker.digits != _USUAL_DIGITS:
        head.append(f"digits as the sheet says: {marker.digits or 'as many as are written'}")
    if found is not subject:
        head.append(_OTHER_INPUTS if by_file else _OWN_INPUTS)
    return Marking(written.head["sheet"], rows, (*written.problems, *marker.problems), sizes, tuple(head))


def _asked(derivation: Derivation, asked: Blanks) -> str:
    """``only 1 of 14 rows of the derivation asked (source)``: a head may ask for less than was given out."""
    rows = {number for number, _ in asked.cells}
    every = [step for step in derivation.steps if step.rule not in GIVEN]
    only = "only " if len(rows) < len(every) else ""
    return f"{only}{len(rows)} of {len(every)} rows of the derivation asked ({', '.join(asked.columns)})"


def _at_written_inputs(written: Written, subject: Subject) -> Subject:
    """The inputs of the sheet take the place of those of the file: a teacher may change them."""
    if subject.is_symbolic:
        return subject
    found = {}
    for name, text in head_values(written.head.get("inputs", "")):
        value = numbers.value(text)
        if any(cell is None for cell in value.flat):
            raise InputError(explain("sheet: inputs", {name: text[:80]}, "Write a number for each input."))
        found[name] = np.vectorize(lambda cell: float(cell.value), otypes=[float])(value)
    return subject.at({name: value if value.ndim else float(value) for name, value in found.items()})


@dataclass
class _Marker:
    """The rows of one sheet, one after the other, with what the student has written so far.

    ``derivation`` is what the sheet shows, ``worked`` the same with numbers as sizes.
    """

    written: Written
    derivation: Derivation
    subject: Subject
    worked: Derivation
    asked: Blanks
    is_complete: bool = False  # whether a row that is not on the sheet is missing
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.quantities = q = Quantities(self.worked)
        self.digits = _digits(self.written)
        values = {s.quantity: np.asarray(s.value) for s in self.worked.steps if s.value is not None}
        inputs = given_inputs(q, self.subject.named)
        self.formulas = FormulaJudge(Judge(q, inputs, self.subject.domain, values))
        self.values = ValueJudge(q, self.digits)
        self.numbers = {s.quantity: s.number for s in self.worked.steps}
        self.numbers |= {label(s): s.number for s in self.worked.steps}

    def rows(self) -> Iterator[RowMark]:
        """The marks of the rows in which something was to be done, or was done."""
        found = {step.number: step for step in self.derivation.steps}
        for row in self.written.rows.values():
            if row.number not in found:
                mend = "Leave the numbers of the steps as they are, or write the sheet anew."
                self.problems.append(Problem(row.line, f"the function has no step {row.number}", mend))
        for step, worked in zip(self.derivation.steps, self.worked.steps, strict=True):
            row = self._row(step)
            cells = tuple(self._cells(step, worked, row))
            if self.is_complete and step.number not in self.written.rows and step.rule not in GIVEN:
                cells = cells or (CellMark("formula", "", step.formula, _MISSING),)
                cells = tuple(replace(cell, mark=_MISSING) for cell in cells)
            if cells:
                yield RowMark(step.number, label(step), row.line, cells)

    def _row(self, step: Step) -> Row:
        row = self.written.rows.get(step.number)
        if row is None:
            return Row(0, step.number, label(step), {})
        if row.quantity not in (label(step), step.quantity, ""):
            what = f"step {row.number} is {label(step)}, not {row.quantity[:40]}"
            mend = "Leave the quantities as they are, or write the sheet anew: the function may have changed."
            self.problems.append(Problem(row.line, what, mend))
            return Row(row.line, row.number, row.quantity, {})
        return row

    def _cells(self, step: Step, worked: Step, row: Row) -> Iterator[CellMark]:
        """The cells in the order of the columns: a formula is known before the value that follows from it."""
        formula = FormulaMark(Mark("right"))
        for column in TITLES:
            expected = key(step, column, self.digits or 6)
            text = row.cells.get(column, "")
            if not self._is_asked(step, column, text, expected):
                if column == "value":
                    self.values.give(worked)
                continue
            if column == "formula":
                formula = self.formulas.mark(worked, text, expected)
                found = formula.mark
            else:
                found = self._other(column, worked, text, expected, formula)
            yield CellMark(column, text, expected, found)

    def _is_asked(self, step: Step, column: str, text: str, expected: str) -> bool:
        if (step.number, column) in self.asked.cells:
            return True
        is_same = "".join(text.split()) == "".join(expected.split())
        return not (is_same or numbers.is_empty(text) or step.rule in GIVEN)

    def _other(self, column: str, step: Step, text: str, expected: str, formula: FormulaMark) -> Mark:
        match column:
            case "value":
                own = self.formulas.own.get(step.quantity)
                node = None if own is None else self.formulas.node(step, own)
                return self.values.mark(step, text, node)
            case "source":
                used = formula.used if formula.mark.status in ("right", "agrees") else ()
                return mark_sources(step, text, self.numbers, used)
        return mark_words(text, expected)


def _digits(written: Written) -> int | None:
    """How many significant digits the head asks for; None where it says nothing."""
    text = written.head.get("digits", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_DIGITS):
        facts: dict[str, object] = {"digits": text[:40]}
        raise InputError(explain(f"sheet, line {written.line}", facts, f"Write digits: 1 to {_MOST_DIGITS}."))
    return int(text)
