"""Are formulas on a sheet judged for all inputs, however they are written? Right, follow-through, or wrong and why."""

from __future__ import annotations

import pytest

from symdiff.exercises.grammar import parse
from symdiff.exercises.marking import Marking
from symdiff.exercises.marks import Status
from symdiff.exercises.unreadable import Unreadable
from tests.students import marked, sheet, subject, with_cells

PUT_IN = "with the definitions put in"


def marks(name: str, texts: dict[str, str]) -> dict[str, tuple[Status, str]]:
    """The marks of some formulas, written into the key of a sheet."""
    marking: Marking = marked(with_cells(sheet(name, "formula"), "formula", texts), subject(name))
    rows = {row.quantity.replace("/", "_"): row.cells[0].mark for row in marking.rows}
    others = {row.status for row in marking.rows if row.quantity.replace("/", "_") not in texts}
    assert others <= {"right", "follows"}
    return {name: (rows[name].status, rows[name].note) for name in texts}


@pytest.mark.parametrize(
    ("quantity", "text", "note"),
    [
        ("z1", "w1*x + b1", ""),
        ("z1", "z1 = w1 x + b1", ""),
        ("a1", "max(0, z1)", ""),
        ("a1", "relu(z1)", ""),
        ("a1", "[z1 > 0] z1", ""),
        ("a1", "relu(w1 x + b1)", PUT_IN),
        ("y_hat", "σ(z3)", ""),
        ("y_hat", "1/(1 + e^-z3)", ""),
        ("L", "1/2 (y − y_hat)²", ""),
        ("dL_dy_hat", "-(y - y_hat)", ""),
        ("dy_hat_dz3", "σ(z3)(1 − σ(z3))", PUT_IN),
        ("dL_dz3", "∂L/∂y_hat · dy_hat/dz3", ""),
        ("dL_dz3", "(y_hat - y) y_hat (1 - y_hat)", PUT_IN),
        ("da2_dz2", "1 - tanh(z2)^2", PUT_IN),
        ("da2_dz2", "1/cosh(z2)**2", PUT_IN),
        ("da1_dz1", "[z1 > 0]", ""),
        ("da1_dz1", "z1 > 0", ""),
        ("da1_dz1", "[z1 >= 0]", "away from z1 = 0"),
        ("da1_dz1", "[a1 > 0]", PUT_IN),
        ("dz2_db2", "x/x", ""),
    ],
)
def test_right_however_it_is_written(quantity: str, text: str, note: str) -> None:
    ((status, told),) = marks("neurons", {quantity: text}).values()
    assert status == "right"
    assert told.startswith(note)
    assert bool(told) >= bool(note)


@pytest.mark.parametrize(
    ("quantity", "text", "note"),
    [
        ("a1", "z1", "right only at the given numbers, not in general"),
        ("da1_dz1", "1", "right only at the given numbers, not in general"),
        ("dz3_da2", "4/x", "right only at the given numbers, not in general"),
        ("L", "(y_hat - y)^2", "twice the right formula"),
        ("dL_dy_hat", "y - y_hat", "minus the right formula"),
        ("dL_dz3", "dL/dy_hat", "the factor dy_hat_dz3 is missing"),
        ("da2_dz2", "1 - a2", ""),
        ("dL_dw1", "dL/dz1", "the factor dz1_dw1 is missing"),
        ("dL_dw1", "dL/dz1 / 0", "it has no value for some inputs"),
        ("dL_dw1", "log(-1 - x^2)", "it has no value for some inputs"),
        ("da1_dz1", "[z1 < 0]", ""),
        ("a1", "[z1 > 0] z1 + [z1 < -3]", "right only at the given numbers, not in general"),
    ],
)
def test_wrong_and_why(quantity: str, text: str, note: str) -> None:
    assert marks("neurons", {quantity: text}) == {quantity: ("wrong", note)}


def test_a_formula_may_follow_from_an_earlier_wrong_one() -> None:
    found = marks(
        "neurons",
        {
            "dy_hat_dz3": "y_hat (1 + y_hat)",
            "dL_dz3": "(y_hat - y) y_hat (1 + y_hat)",
            "dL_dw3": "(y_hat - y) y_hat (1 + y_hat) a2",
            "dL_da2": "(y_hat - y) y_hat w3",
        },
    )
    follows = ("follows", "right with your earlier formulas")
    assert found["dy_hat_dz3"][0] == found["dL_da2"][0] == "wrong"
    assert found["dL_dz3"] == found["dL_dw3"] == follows


def test_a_missing_path_of_a_sum_is_named() -> None:
    assert marks("paths", {"df_du": "df/dw"}) == {"df_du": ("wrong", "the path df_dv * dv_du is missing")}
    assert marks("paths", {"df_du": "df_dw + 2 df_dv"})["df_du"] == ("right", PUT_IN)


@pytest.mark.parametrize(
    ("quantity", "text", "status", "note"),
    [
        ("z", "W1 x + b", "right", ""),
        ("z", "W1 @ x + b", "right", ""),
        ("z", "x @ W1^T + b", "right", ""),
        ("z", "W1^T @ x + b", "unreadable", ""),
        ("dL_dW2", "dL/dy_hat a^T", "right", ""),
        ("dL_dW2", "outer(a, dL/dy_hat)", "wrong", "it has shape (2, 3), and (3, 2) is wanted"),
        ("dL_da", "W2ᵀ dL_dy_hat", "right", ""),
        ("dL_dz", "dL/da ⊙ (1 − a ⊙ a)", "right", ""),
        ("dL_dz", "dL/da (1 - a^2)", "unreadable", "write @ for a matrix product"),
        ("dL_dz", "dL/da", "wrong", ""),
        ("L", "1/2 (y_hat - y)^T (y_hat - y)", "right", ""),
        ("L", "sum((y_hat - y)^2)", "wrong", "twice the right formula"),
        ("dL_dW1", "dL_dz @ x.T", "right", ""),
        ("L", "((y_hat[0] - y[0])^2 + (y_hat[1] - y[1])^2 + (y_hat[2] - y[2])^2)/2", "right", ""),
        ("L", "((y_hat[0] - y[0])^2 + (y_hat[1] - y[1])^2)/2", "wrong", ""),
        ("L", "y_hat[3]", "unreadable", ""),
        ("L", "W2[0, 1, 2]", "unreadable", "it has 2 axes, not 3"),
    ],
)
def test_matrices(quantity: str, text: str, status: Status, note: str) -> None:
    name = "layers"
    marking = marked(with_cells(sheet(name, "formula"), "formula", {quantity: text}), subject(name))
    (found,) = [row.cells[0].mark for row in marking.rows if row.quantity.replace("/", "_") == quantity]
    assert found.status == status
    assert found.note.startswith(note)


def test_a_value_may_follow_from_the_own_formula() -> None:
    exercise = sheet("neurons", "25:formula+value", 4)
    text = with_cells(exercise, "formula", {"da2_dz2": "1 - a2"})
    assert "0.3592 " in text
    marking = marked(text.replace("0.3592 ", "0.1995 "), subject("neurons"))
    assert [cell.mark.status for cell in marking.rows[0].cells] == ["wrong", "follows"]
    marking = marked(text.replace("0.3592 ", "0.2995 "), subject("neurons"))
    assert [cell.mark.status for cell in marking.rows[0].cells] == ["wrong", "wrong"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("__import__('os').system('x')", "'.' has no place in a formula"),
        ("().__class__.__bases__", "'.' has no place in a formula"),
        ("lambda: x", "':' has no place"),
        ("x if x else y", "if is no quantity"),
        ("open('x')", "open is no function that a sheet knows"),
        ("x; y", "';' has no place"),
        ("9**9**9**9", "the exponent is beyond 64"),
        ("((9**60)**60)**60", "a number in it is too large"),
        ("x**64**64", "the exponent is beyond 64"),
        ("((x**8)**8)**8", "powers of powers are beyond 64"),
        ("1e999", "is too long or too large"),
        ("9" * 100, "is too long or too large"),
        ("(" * 300, "nested more than 40 deep"),
        ("-" * 300 + "x", "nested more than 40 deep"),
        ("x " * 500, "words; write at most 400"),
        ("x" * 3000, "characters; write at most 2000"),
        ("x + nan", "nan is no quantity"),
        ("x + inf", "inf is no quantity"),
        ("٣ x", "'٣' has no place"),
        ("dL/dw1", "dL_dw1 is no quantity of an earlier step"),
        ("dz3_dw3", "dz3_dw3 is no quantity of an earlier step"),
        ("exp", "exp needs its argument in parentheses"),
        ("exp(x, y)", "exp takes 1, not 2"),
        ("sum(x, axis=x)", "axis must be a small whole number"),
        ("[x]", "square brackets hold a comparison"),
        ("x[0]", "it has 0 axes, not 1"),
        ("x[0:1]", "':' has no place"),
        ("x +", "missing at the end"),
        ("(x", "')' is missing"),
        ("x \x00", "has no place"),
        ("x \ud800", "has no place"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, why: str) -> None:
    ((status, told),) = marks("neurons", {"z1": text}).values()
    assert status == "unreadable"
    assert why in told


@pytest.mark.parametrize(
    "text", ["exp(1e200)", "exp(1e200) - x", "2^exp(exp(100 + x^2))", "[1e200 > exp(1e200)]"]
)
def test_numbers_beyond_all_bounds_are_never_right(text: str) -> None:
    ((status, _),) = marks("neurons", {"dz2_dw2": text}).values()
    assert status in ("wrong", "unreadable")


def test_nothing_but_trees_comes_out_of_the_parser() -> None:
    assert repr(parse("-z", {"z"})) == "Negative(operand=Name(name='z'))"
    with pytest.raises(Unreadable):
        parse("z", {"w"})
