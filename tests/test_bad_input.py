"""What does a user read who asks for what cannot be done? Every text is pinned in ``bad_input.txt``."""

from __future__ import annotations

from pathlib import Path

import pytest
from bad_input import CASES, answer

from symdiff import errors

SECTIONS = Path(__file__).with_name("bad_input.txt").read_text().strip().removeprefix("# ").split("\n\n# ")
PINNED = {case: text for case, _, text in (section.partition("\n") for section in SECTIONS)}


@pytest.mark.parametrize("case", CASES)
def test_answers_with_the_pinned_text(case: str) -> None:
    assert answer(case) == PINNED[case]


def test_pins_no_case_that_is_gone() -> None:
    assert set(PINNED) == set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_has_three_parts_and_names_the_line_of_user_code(case: str) -> None:
    call, *facts, mend = answer(case).splitlines()
    assert ": " in call
    assert facts and all("=" in fact for fact in facts)
    assert mend.startswith("  ") and mend.endswith((".", "3'.", ">)."))


def test_covers_every_kind_of_error_that_tracing_raises() -> None:
    kinds = {answer(case).partition(":")[0] for case in CASES}
    assert kinds >= {
        kind.__name__
        for kind in (
            errors.ShapeError,
            errors.LabelError,
            errors.DtypeError,
            errors.TracingError,
            errors.UnknownFunction,
            errors.ValueDependentBranch,
            errors.MutationError,
            errors.ImpureFunction,
            errors.InputError,
        )
    }
