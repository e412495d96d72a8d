"""What is kept of a question for other claims about the same function, and is it only that?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_black_box import check, opaque

from symdiff.checking.arguments import parameters
from symdiff.checking.black_boxes import accuracy, confirming
from symdiff.checking.black_boxes.keeping import Shelf, shelf_of
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, ask

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.25, -0.75]])


def loss(x: Any, w: Any) -> Any:
    return np.sum(np.tanh(x * w) ** 2)


def right(x: Any, w: Any) -> Any:
    t = np.tanh(x * w)
    return 2 * t * (1 - t**2) * w


def asked(
    fn: Callable[..., Any] = loss, claim: Callable[..., Any] = right, x: Any = X, of: Any = "gradient"
) -> Question:
    return ask(fn, opaque(claim), parameters(fn, (x, 1.5)), 0, of)


def test_equal_questions_share_a_shelf_whatever_is_claimed() -> None:
    shelf = shelf_of(asked(), Options())
    assert shelf_of(asked(claim=lambda x, w: 0 * x), Options()) is shelf
    assert shelf_of(asked(fn=lambda x, w: np.sum(np.tanh(x * w) ** 2)), Options()) is shelf


@pytest.mark.parametrize(
    ("question", "options"),
    [
        (asked(fn=lambda x, w: np.sum(np.tanh(x * w) ** 3)), Options()),
        (asked(x=X + 1e-16), Options(seed=1)),
        (asked(x=X * (1 + 1e-15)), Options()),
        (asked(x=X.astype(np.float32)), Options()),
        (asked(), Options(domain={"x": (0, None)})),
        (asked(), Options(dtype="float32")),
        (asked(), Options(examples=100)),
        (asked(), Options(convention="torch")),
        (asked(of="hessian"), Options()),
    ],
)
def test_other_questions_have_a_shelf_of_their_own(question: Question, options: Options) -> None:
    assert shelf_of(question, options) is not shelf_of(asked(), Options())


def test_large_questions_keep_nothing() -> None:
    made: list[int] = []
    shelf = shelf_of(asked(x=np.ones((60, 60))), Options())
    for _ in range(2):
        shelf.get("name", lambda: made.append(1))
    assert len(made) == 2


def test_empty_answers_are_not_kept() -> None:
    answers = iter(["", "central differences"])
    shelf = Shelf()
    assert shelf.get("confirmed", lambda: next(answers)) == ""
    assert shelf.get("confirmed", lambda: next(answers)) == "central differences"
    assert shelf.get("confirmed", lambda: "never asked") == "central differences"


def test_what_is_kept_changes_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a right one nor a wrong one, nor what is told; only the calls are made again."""
    calls: list[int] = []

    def counted(x: Any, w: Any) -> Any:
        calls.append(1)
        return right(x, w)

    def off(x: Any, w: Any) -> Any:
        result = right(x, w)
        result[1, 2] *= 1 + 1e-7
        return result

    first = check(loss, counted, (X, 1.5), seed=77)
    monkeypatch.setattr(confirming, "confirm", None)
    monkeypatch.setattr(accuracy.Analysis, "over", None)
    again = check(loss, counted, (X, 1.5), seed=77)
    monkeypatch.undo()
    assert len(calls) == 2 * (len(calls) // 2) >= 400
    assert again == replace(first, question=again.question)
    assert check(loss, off, (X, 1.5), seed=77).status == "refuted"
    assert check(loss, counted, (X, 1.5), seed=77) == first
