"""Which quantities choose instead of weigh: are they told apart from labels, weights and values?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from faults import planted

from symdiff.checking.arguments import parameters
from symdiff.checking.mistakes import masks
from symdiff.checking.mistakes.masks import Masks
from symdiff.checking.questions import Question, ask

Claim = Callable[..., Any]
R = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])


def masks_of(fn: Claim, inputs: Any) -> tuple[Masks, Question]:
    question = ask(fn, lambda *args: args[0], parameters(fn, inputs), 0, "gradient")
    return Masks(question), question


MASKED = (R, np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]))


@pytest.mark.parametrize(
    ("weights", "is_mask"),
    [
        ([[1, 0, 1], [1, 1, 0]], True),
        ([[True, False, True], [True, True, False]], True),
        ([[1, 0, 0], [0, 0, 1]], False),  # one-hot rows are labels
        ([[1, 0, 0.5], [1, 1, 0]], False),
        ([[2, 0, 1], [1, 1, 0]], False),
    ],
)
def test_arguments_that_mask(weights: Any, is_mask: bool) -> None:
    found, question = masks_of(lambda x, w: np.sum(x**2 * w), (R, np.array(weights)))
    assert [n in found.arguments for n in question.forward.inputs] == [False, is_mask]


def test_a_name_makes_a_mask_of_labels() -> None:
    found, question = masks_of(lambda x, row_mask: np.sum(x**2 * row_mask), (R, np.eye(2, 3)))
    assert found.arguments == {question.forward.inputs[1]}


def test_what_is_differentiated_is_no_mask() -> None:
    assert not masks_of(lambda x, y: np.sum(x * y), (MASKED[1], R))[0].arguments


@pytest.mark.parametrize(
    ("fn", "count"),
    [
        (lambda x: np.sum(x * (x > 0)), 1),
        (lambda x: np.sum(x * np.tri(2, 3)), 1),
        (lambda x: np.sum(np.triu(x)), 1),
        (lambda x: np.sum(x * np.array([[1.0, 2.0, 0.0]])), 0),
        (lambda x: np.sum(np.tanh(x)), 0),
    ],
    ids=["comparison", "table", "triangle", "weights", "smooth"],
)
def test_masks_in_a_function(fn: Claim, count: int) -> None:
    found, question = masks_of(fn, (R,))
    assert sum(map(found.is_mask, question.forward.nodes)) >= count
    assert bool(found.within(question.forward.outputs[0])) is bool(count)


def test_a_branch_is_decided_by_its_condition_only() -> None:
    found, question = masks_of(lambda x, y: np.sum(np.where(x > 0, y, 2 * y)), (R, R + 1))
    store = question.truth.store
    decided = {
        store.operands(n)[slot]
        for n in question.forward.nodes
        for slot in range(len(store.operands(n)))
        if found.decides((n, slot))
    }
    x, y = question.forward.inputs
    assert x in decided or any(x in store.operands(n) for n in decided)
    assert y not in decided


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("bool(np.isin(op.array, (0, 1)).all())", "True"),
        ("any(gap.has(a) for gap in kink_gaps(op.formula))", "True"),
    ],
    ids=["weights", "branch"],
)
def test_a_wrong_mask_is_noticed(right: str, wrong: str) -> None:
    with planted(masks, right, wrong), pytest.raises(AssertionError):
        test_masks_in_a_function(lambda x: np.sum(x * np.array([[1.0, 2.0, 0.0]])), 0)
        test_a_branch_is_decided_by_its_condition_only()
