"""Is a corrupted cell ever marked right, and can any text do harm? Cells and whole sheets at random."""

from __future__ import annotations

import math
import random
import re
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symdiff.errors import SymdiffError
from symdiff.exercises.columns import blanks
from symdiff.exercises.marking import mark
from symdiff.exercises.quantities import GIVEN
from symdiff.exercises.reading import read
from symdiff.exercises.sheets import Sheet, inputs_text
from symdiff.exercises.subjects import Subject
from tests.students import marked, sheet, subject, with_cells

NAMES = ("neurons", "paths")
OPERATORS = ("+", "-", "*", "/", "**")
NUMPY = {
    "exp": math.exp,
    "tanh": math.tanh,
    "where": lambda condition, one, other: one if condition else other,
}


@cache
def exercise(name: str, column: str) -> tuple[Sheet, Subject]:
    return sheet(name, column), subject(name)


def status_of(name: str, column: str, quantity: str, text: str) -> str:
    about, function = exercise(name, column)
    marking = marked(with_cells(about, column, {quantity: text}), function)
    return next(row.status for row in marking.rows if row.number == about.derivation.step(quantity).number)


def computed(name: str) -> list[str]:
    return [s.quantity for s in exercise(name, "value")[0].derivation.steps if s.rule not in GIVEN]


# Numbers ----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_corrupted_number_is_not_right(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    quantity = data.draw(st.sampled_from(computed(name)))
    about = exercise(name, "value")[0]
    true = float(about.derivation.step(quantity).value.balls[()].mid())
    corrupted = data.draw(
        st.sampled_from([-1, 2, 0.5, 10, 0.1, 1.001, 0.999]).map(lambda factor: true * factor)
        | st.floats(-100, 100).map(lambda number: round(number, 6))
    )
    assume(abs(corrupted - true) > 5e-4 * abs(true) + 1e-12)
    assert status_of(name, "value", quantity, f"{corrupted:.6g}") in ("wrong", "short")
    if abs(corrupted) > 1e-3:
        assert status_of(name, "value", quantity, f"{corrupted:.6e}") == "wrong"


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_no_rounding_on_the_way_is_a_mistake(data: st.DataObject) -> None:
    """At other inputs, to any number of digits, going on with rounded or with full numbers as it comes."""
    name, digits = data.draw(st.sampled_from(NAMES)), data.draw(st.integers(2, 8))
    number = st.integers(-150, 150).map(lambda k: k / 100)
    about = subject(name).at({key: data.draw(number) for key in subject(name).named})
    derivation = about.derivation
    values: dict[str, float] = {key: float(value) for key, value in about.named.items()}
    written: dict[str, str] = {}
    for step in derivation.steps:
        if step.formula:
            exact = python(step.formula, values)
            written[step.quantity] = f"{exact:.{digits}g}"
            values[step.quantity] = float(written[step.quantity]) if data.draw(st.booleans()) else exact
    inputs = inputs_text(about.named)
    exercise = Sheet(name, derivation, blanks(derivation, "value"), digits, inputs)
    marking = marked(with_cells(exercise, "value", written), subject(name))
    assert [(row.quantity, row.cells) for row in marking.rows if row.status != "right"] == []


# Formulas ---------------------------------------------------------------------------------------------------


@cache
def values_of(name: str, seed: int) -> dict[str, float]:
    """All quantities at random inputs, by Python itself: formulas of the key are Python."""
    rng = random.Random(seed)
    derivation = exercise(name, "formula")[0].derivation
    values = {s.quantity: rng.uniform(-2, 2) for s in derivation.steps if s.rule == "input"}
    for step in derivation.steps:
        if step.formula:
            values[step.quantity] = python(step.formula, values)
    return values


def python(formula: str, values: dict[str, float]) -> float:
    return float(eval(formula, {"__builtins__": {}}, NUMPY | values))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_corrupted_formula_is_not_right(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    quantity = data.draw(st.sampled_from(computed(name)))
    derivation = exercise(name, "formula")[0].derivation
    step = derivation.step(quantity)
    words = re.findall(r"\*\*|[A-Za-z_]\w*|[0-9.]+|\S", step.formula)
    place = data.draw(st.integers(0, len(words) - 1))
    earlier = [s.quantity for s in derivation.steps[: step.number - 1]]
    others = OPERATORS if words[place] in OPERATORS else (*earlier, "0", "2", "3")
    words[place] = data.draw(st.sampled_from(others))
    text = " ".join(words)
    try:
        points = [values_of(name, seed) for seed in range(300)]
        differs = any(abs(python(text, v) - v[quantity]) > 1e-9 * (1 + abs(v[quantity])) for v in points)
    except (SyntaxError, TypeError, ZeroDivisionError, OverflowError, NameError):
        assume(False)  # no formula any more
    status = status_of(name, "formula", quantity, text)
    assert (status == "right") is not differs or status == "unreadable"


# Sources ----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_corrupted_sources_are_not_right(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    quantity = data.draw(st.sampled_from(computed(name)))
    derivation = exercise(name, "source")[0].derivation
    step = derivation.step(quantity)
    found = data.draw(st.sets(st.integers(1, len(derivation.steps)), min_size=1))
    status = status_of(
        name, "source", quantity, ", ".join(map(str, data.draw(st.permutations(sorted(found)))))
    )
    assert status == ("right" if found == set(step.sources) else "wrong")


# Garbage ----------------------------------------------------------------------------------------------------

EVIL = (
    "__import__('os').system('touch /tmp/never')",
    "9**9**9**9",
    "(" * 5000,
    "[" * 5000,
    "1" * 5000,
    "x" * 1_000_000,
    "NaN",
    "1e99999999",
    "１２",
    "٣",
    "x\x1b[31m",
    "\ud800",
    "a|b",
    "\\",
    "lambda x: x",
    "outer(outer(x, x), x)",
    "0/0",
    "+ -",
    "=",
    "1-99999999999",
)


@pytest.mark.parametrize("text", EVIL, ids=lambda text: ascii(text[:20]))
@pytest.mark.parametrize("column", ["value", "formula", "source", "structure", "product", "saved"])
def test_no_cell_does_harm(text: str, column: str) -> None:
    assert status_of("paths", column, "u", text) in ("unreadable", "wrong", "empty")


LINES = st.one_of(
    st.text(max_size=40),
    st.lists(st.text(max_size=8) | st.integers(0, 13).map(str) | st.sampled_from(EVIL[:4]), max_size=7).map(
        lambda cells: f"| {' | '.join(cells)} |"
    ),
    st.sampled_from(
        ["| Step | Quantity | Value |", "sheet: paths", "digits: 4", "blank: value", "inputs: x = 2"]
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=12))
def test_garbage_is_read_or_refused(lines: list[str]) -> None:
    about = exercise("paths", "value")[1]
    for written in read("sheet: paths\n" + "\n".join(lines)):
        try:
            marking = mark(written, about)
        except SymdiffError as error:
            assert "\n" in str(error)
        else:
            assert "right" not in {c.mark.status for r in marking.rows for c in r.cells if not c.written}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("|  2 | u | x**2 | 9 | step 1 | more | and more |", "step 2 has 7 cells, its table 5"),
        ("| two | u | x**2 | 9 | step 1 |", "'two' is no step"),
        ("| 99 | u | x**2 | 9 | step 1 |", "the function has no step 99"),
        ("| 5 | u | x**2 | 9 | step 1 |", "step 5 is f, not u"),
        ("| 3 | v | 2*u | 18 | step 2 |", "step 3 stands in line 16 already"),
    ],
)
def test_lines_that_cannot_be_used_are_told(line: str, told: str) -> None:
    about, function = exercise("paths", "value")
    lines = about.text(filled=True).splitlines()
    (k,) = [k for k, text in enumerate(lines) if text.startswith("|    5 |")]
    marking = marked("\n".join([*lines[:k], line, *lines[k + 1 :]]), function)
    problems = [problem for problem in marking.problems if problem.what == told]
    assert [problem.line for problem in problems] == [k + 1]
    assert marking.counts["right"] == 10 and marking.counts["empty"] == 1  # the others are marked
