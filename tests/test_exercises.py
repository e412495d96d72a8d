"""Is a filled-in sheet marked as a careful teacher would? Right, follow-through, too short, empty, wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from symdiff.errors import InputError
from symdiff.exercises.columns import TITLES, blanks
from symdiff.exercises.marking import Marking
from symdiff.exercises.marks import Status
from tests.students import marked, sheet, subject, three_neurons, with_cells

NEURONS, PATHS, LAYERS = "neurons", "paths", "layers"
EXAMPLES = Path(__file__).parent.parent / "examples"
ALL = ", ".join(TITLES)


def statuses(marking: Marking) -> dict[str, Status]:
    return {row.quantity: row.status for row in marking.rows}


# Sheets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        (NEURONS, 30),
        (PATHS, 11),
        (LAYERS, 10),
        (f"{EXAMPLES / 'ex_2_7_single_neuron.py'}::loss", 10),
        (f"{EXAMPLES / 'ex_2_7_two_layers.py'}::loss", 20),
        (f"{EXAMPLES / 'ex_2_8_three_layers.py'}::loss", 30),
        (f"{EXAMPLES / 'ex_2_9_matrix_form.py'}::loss", None),
        (f"{EXAMPLES / 'ex_3_5_explicit_jacobians.py'}::loss", None),
        (f"{EXAMPLES / 'ex_1_5_training_mechanics.py'}::loss", None),
    ],
    ids=lambda value: str(value).rpartition("/")[2],
)
def test_the_key_is_right_and_the_blank_sheet_empty(name: str, rows: int | None) -> None:
    exercise = sheet(name, ALL)
    key = marked(exercise.text(filled=True), subject(name))
    assert set(key.counts) == {"right"} and key.problems == ()
    assert rows is None or len(key.rows) == rows
    blank = marked(exercise.text(), subject(name))
    assert set(blank.counts) == {"empty"} and len(blank.rows) == len(key.rows)


def test_a_sheet_is_the_same_each_time_and_readable() -> None:
    text = sheet(PATHS, "backward:value", 4).text()
    assert text == sheet(PATHS, "backward:value", 4).text()
    assert text.startswith("# paths, step by step\n\nsheet: paths  \nblank: backward:value  \n")
    assert "digits: 4  \ninputs: x = 3  \n" in text
    row = "|   12 | df/dx    | df_du * du_dx                 | ________ | steps 10, 11     |"
    assert row in text
    assert "|    5 | f        | v*w     | 180   | steps 3, 4       |" in text  # given


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 11),
        ("value,formula", 22),
        ("9-11:value", 3),
        ("3:formula+value+source", 3),
        ("forward:value", 4),
        ("df/dx:formula", 1),
        ("df_dx", 1),
        ("saved", 4),
    ],
)
def test_which_cells_are_empty(text: str, cells: int) -> None:
    derivation = subject(PATHS).derivation
    assert len(blanks(derivation, text).cells) == cells


@pytest.mark.parametrize("text", ["values of all", "1:value", "99:value", "5:colour", ":", "9-3:value", "x"])
def test_cells_that_cannot_be_empty(text: str) -> None:
    with pytest.raises(InputError, match="blank"):
        blanks(subject(PATHS).derivation, text)


# Numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", [2, 3, 4, 5, 6, 8])
@pytest.mark.parametrize("rounds", [True, False])
def test_no_student_is_wrong_for_rounding_on_the_way(digits: int, rounds: bool) -> None:
    written = three_neurons(digits, rounds, {})
    text = with_cells(sheet(NEURONS, "value", digits), "value", written)
    assert set(marked(text, subject(NEURONS)).counts) == {"right"}


@pytest.mark.parametrize("digits", [3, 5])
@pytest.mark.parametrize("rounds", [True, False])
@pytest.mark.parametrize(
    ("quantity", "told", "follow"),
    [
        ("y_hat", "1 minus the right value", 10),
        ("dL_dy_hat", "minus the right value", 8),
        ("da2_dz2", "twice the right value", 5),
    ],
)
def test_one_mistake_is_one_wrong_row(
    digits: int, rounds: bool, quantity: str, told: str, follow: int
) -> None:
    slips = {"y_hat": lambda y: 1 - y, "dL_dy_hat": lambda d: -d, "da2_dz2": lambda d: 2 * d}
    written = three_neurons(digits, rounds, {quantity: slips[quantity]})
    marking = marked(with_cells(sheet(NEURONS, "value", digits), "value", written), subject(NEURONS))
    assert marking.counts["wrong"] == 1
    assert marking.counts["follows"] == follow
    assert marking.counts["right"] == len(marking.rows) - 1 - marking.counts["follows"]
    first = marking.first("wrong")
    assert first is not None and first.quantity.replace("/", "_") == quantity
    assert first.cells[0].mark.note == told


def test_two_mistakes_are_two_wrong_rows() -> None:
    errors = {"dy_hat_dz3": lambda d: d / 10, "da2_dz2": lambda d: 1 - d}
    written = three_neurons(5, True, errors)
    marking = marked(with_cells(sheet(NEURONS, "value", 5), "value", written), subject(NEURONS))
    wrong = [row.quantity for row in marking.rows if row.status == "wrong"]
    assert wrong == ["dy_hat/dz3", "da2/dz2"]


def test_a_missing_factor_or_path_is_named() -> None:
    exercise = sheet(PATHS, "value")
    for value, told in (
        ("18", "the path df_dv * dv_du is missing"),
        ("20", "the path df_dw * dw_du is missing"),
        ("3.8", "the decimal point is in the wrong place"),
    ):
        row = marked(with_cells(exercise, "value", {"df_du": value}), subject(PATHS)).first("wrong")
        assert row is not None and (row.quantity, row.cells[0].mark.note) == ("df/du", told)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("0.800499", "right"),
        ("0.8004990", "right"),
        ("0.80049902", "right"),
        ("0.80049903", "wrong"),
        ("≈ 0.800499", "right"),
        ("8.00499e-1", "right"),
        ("8.00499 × 10⁻¹", "right"),
        ("0.8005", "short"),
        ("0.8", "short"),
        ("1", "short"),
        ("0.800498", "wrong"),
        ("-0.800499", "wrong"),
        ("0,800499", "unreadable"),
        ("٠.٨", "unreadable"),
        ("nan", "unreadable"),
        ("tanh(1.1)", "unreadable"),
        ("", "empty"),
        ("...", "empty"),
    ],
)
def test_how_a_number_may_be_written(text: str, status: Status) -> None:
    marking = marked(with_cells(sheet(NEURONS, "9:value"), "value", {"a2": text}), subject(NEURONS))
    assert statuses(marking) == {"a2": status}


def test_fractions_are_exact() -> None:
    exercise, about = sheet(NEURONS, "z2:value"), subject(NEURONS)
    assert statuses(marked(with_cells(exercise, "value", {"z2": "11/10"}), about)) == {"z2": "right"}
    assert statuses(marked(with_cells(exercise, "value", {"z2": "110001/100000"}), about)) == {"z2": "wrong"}


def test_without_digits_only_what_is_written_counts() -> None:
    text = with_cells(sheet(NEURONS, "9:value"), "value", {"a2": "0.80"})
    assert statuses(marked(text, subject(NEURONS))) == {"a2": "short"}
    assert statuses(marked(text.replace("digits: 6", ""), subject(NEURONS))) == {"a2": "right"}


def test_arrays() -> None:
    name = LAYERS
    exercise, about = sheet(name, "value", 4), subject(name)
    assert "[____, ____]" in exercise.text()

    def row(quantity: str, text: str) -> tuple[Status, str]:
        marking = marked(with_cells(exercise, "value", {quantity: text}), about)
        (found,) = [r for r in marking.rows if r.quantity.replace("/", "_") == quantity]
        return found.status, found.cells[0].mark.note

    assert row("dL_dy_hat", "[-2.136 0.009543 -2.320]") == ("right", "")
    assert row("dL_dy_hat", "[2.136, -0.009543, 2.32]") == ("wrong", "minus the right value")
    assert row("dL_dy_hat", "[-2.136, 0.009543, 2.32]") == ("wrong", "at [2]")
    assert row("dL_dy_hat", "[-2.136, ____, -2.32]")[0] == "empty"
    assert row("dL_dy_hat", "[-2.136, 0.009543]") == ("wrong", "its shape is (3,), not (2,)")
    assert row("dL_dy_hat", "[[-2.136, 0.009543], [-2.32]]")[0] == "unreadable"
    turned = "[[-1.014, 2.672], [2.028, -5.344], [-0.507, 1.336]]"
    assert row("dL_dW1", turned) == ("wrong", "transposed")


def test_other_inputs_may_be_written_on_the_sheet() -> None:
    name = PATHS
    text = sheet(name, "value").text(filled=True).replace("x = 3", "x = 2")
    marking = marked(text, subject(name))
    assert statuses(marking)["u"] == "wrong"
    redone = with_cells(sheet(name, "value"), "value", {"u": "4", "v": "8", "w": "5"}).replace(
        "x = 3", "x = 2"
    )
    assert [statuses(marked(redone, subject(name)))[q] for q in ("u", "v", "w")] == ["right"] * 3


# Words ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("steps 16, 17", "right"),
        ("17 and 16", "right"),
        ("16-17", "right"),
        ("backward steps 16, 17", "right"),
        ("dL/dy_hat, dy_hat_dz3", "right"),
        ("step 16", "wrong"),
        ("steps 15, 16, 17", "wrong"),
        ("none", "wrong"),
        ("steps 16, 170", "unreadable"),
        ("the loss", "unreadable"),
        ("____", "empty"),
    ],
)
def test_where_a_value_comes_from(text: str, status: Status) -> None:
    marking = marked(with_cells(sheet(NEURONS, "source"), "source", {"dL_dz3": text}), subject(NEURONS))
    assert statuses(marking)["dL/dz3"] == status


def test_sources_may_be_those_of_the_own_formula() -> None:
    exercise = sheet(NEURONS, "18:formula+source")
    text = with_cells(exercise, "formula", {"dL_dz3": "(y_hat - y) y_hat (1 - y_hat)"})
    assert statuses(marked(text, subject(NEURONS)))["dL/dz3"] == "right"
    own = text.replace("steps 16, 17 ", "steps 13, 14 ")
    assert own != text
    assert statuses(marked(own, subject(NEURONS)))["dL/dz3"] == "right"
    other = text.replace("steps 16, 17 ", "steps 12, 14 ")
    assert statuses(marked(other, subject(NEURONS)))["dL/dz3"] == "wrong"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Hadamard product and elementwise function", "right"),
        ("elementwise, hadamard", "right"),
        ("elementwise product; elementwise function", "right"),
        ("outer product", "wrong"),
        ("none", "wrong"),
    ],
)
def test_kinds_of_product(text: str, status: Status) -> None:
    marking = marked(with_cells(sheet(LAYERS, "product"), "product", {"dL_dz": text}), subject(LAYERS))
    assert statuses(marking)["dL/dz"] == status
