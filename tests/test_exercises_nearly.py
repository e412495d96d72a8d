"""Is a formula that is almost the right one found out, and is none that is only tested called right?"""

from __future__ import annotations

import pytest

from symdiff.cli.marking import status_of
from symdiff.cli.statuses import REFUTED, UNDECIDED
from symdiff.exercises import comparing
from symdiff.exercises.marking import Marking
from symdiff.proof.at_shape.zero_test import ZeroTest
from tests.students import marked, sheet, subject, with_cells

RULE = "y_hat*(1-y_hat)"


def with_rule(text: str) -> Marking:
    """The key of a sheet with another formula for the derivative of the sigmoid."""
    return marked(
        with_cells(sheet("neurons", "formula"), "formula", {"dy_hat_dz3": text}), subject("neurons")
    )


@pytest.mark.parametrize(
    "extra",
    [
        "[w1 > 100]",
        "[w1 > 100000]*5",
        "[w1 > 100][x > 100]",
        "[x*w1 > 1000]",
        "[x^3 > 1000]",
        "[exp(x) > 1e9]",
        "max(0, w1 - 100)",
        "exp(-1000000*w1*w1)",
        "1e-60",
        "1e-300",
        "[x == 3.5]",
        "[x != 3.5] - 1",
        "[z3 == 7]",
        "5*[z3 == 0]",
        "[w1 >= exp(b1)] - [w1 > exp(b1)]",
    ],
)
def test_right_almost_everywhere_is_wrong(extra: str) -> None:
    marking = with_rule(f"{RULE} + {extra}")
    assert [row.quantity for row in marking.rows if row.status != "right"] == ["dy_hat/dz3"]
    assert marking.counts["wrong"] == 1 and status_of(marking) == REFUTED


@pytest.mark.parametrize("extra", ["0", "0*[w1 > 100]", "[x > 100] - [x > 100]", "max(x, 100) - max(100, x)"])
def test_what_adds_nothing_is_right(extra: str) -> None:
    assert with_rule(f"{RULE} + {extra}").counts == {"right": 30}


def test_a_comparison_that_was_not_met_exactly_proves_nothing() -> None:
    marking = with_rule(f"{RULE} + [w1 >= exp(x*x + 1)/3] - [w1 > exp(x^2 + 1)/3]")
    assert marking.counts == {"right": 29, "agrees": 1}
    assert status_of(marking) == UNDECIDED
    assert "1 tested, not proved" in marking.summary


def test_what_is_not_proved_agrees_unless_it_is_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "equal_at_shape", lambda *_, **__: ZeroTest(None))
    marking = with_rule("sigma(z3) - sigma(z3)^2")
    assert marking.counts == {"right": 29, "agrees": 1}
    assert with_rule("y_hat * (1 - y_hat)").counts == {"right": 30}


def test_what_a_kink_is_called_is_left_to_the_books() -> None:
    for text, status in (("[z1 >= 0]", "right"), ("[z1 > 0] + 5*[z1 == 0]", "wrong")):
        exercise = with_cells(sheet("neurons", "formula"), "formula", {"da1_dz1": text})
        assert {r.quantity: r.status for r in marked(exercise, subject("neurons")).rows}["da1/dz1"] == status
    exercise = with_cells(sheet("neurons", "formula"), "formula", {"a1": "max(0, z1) + [z1 == 0]"})
    assert {r.quantity: r.status for r in marked(exercise, subject("neurons")).rows}["a1"] == "wrong"
