"""Cross-entropy by positions: are known labels in a selection as good as one-hot rows, for a proof?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symdiff.checking.arguments import parameters
from symdiff.checking.questions import ask
from symdiff.ir import literals
from symdiff.proof.every_shape.proving import Proof, prove

LABELS = np.arange(80) ** 2 % 7 % 4  # more than would be written out
ROWS = np.arange(len(LABELS))
ONE_HOT = np.eye(4)[LABELS]
Z = np.linspace(-1, 1, 320).reshape(80, 4)


def by_normal_form(
    fn: Callable[..., Any], claim: Callable[..., Any], inputs: Any, wrt: Any = 0
) -> list[Proof]:
    question = ask(fn, claim, parameters(fn, inputs), wrt, "gradient")
    assert question.claimed is not None, question.reason
    return prove(question.truth.store, question.truth.outputs, question.claimed, seconds=30)


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def loss(z: Any) -> Any:
    return -np.mean(np.log(softmax(z)[ROWS, LABELS]))


def slope(z: Any, labels: Any = LABELS) -> Any:
    return (softmax(z) - np.eye(4)[labels]) / len(z)


def test_a_selection_by_known_labels() -> None:
    (proof,) = by_normal_form(loss, slope, (Z,))
    assert proof.proved, proof.reason


@pytest.mark.parametrize(
    "wrong",
    [
        lambda z: slope(z, LABELS[::-1]),
        lambda z: slope(z, (LABELS + 1) % 4),
        lambda z: slope(z) * ONE_HOT,
        lambda z: -ONE_HOT / softmax(z) / len(z),
    ],
    ids=["other order", "other labels", "label only", "no sum"],
)
def test_other_selections_are_not_proved(wrong: Callable[..., Any]) -> None:
    assert not by_normal_form(loss, wrong, (Z,))[0].proved


def test_what_is_selected_may_stand_below_a_bar() -> None:
    """And is known where it is selected alone."""

    def ratio(z: Any, w: Any) -> Any:
        return np.sum(w[ROWS, LABELS] / np.exp(z)[ROWS, LABELS])

    (right,) = by_normal_form(ratio, lambda z, w: -ONE_HOT * w / np.exp(z), (Z, Z))
    assert right.proved, right.reason
    assert not by_normal_form(ratio, lambda z, w: -w / np.exp(z), (Z, Z))[0].proved
    assert not by_normal_form(ratio, lambda z, w: -ONE_HOT * w * np.exp(z), (Z, Z))[0].proved


def test_two_classes() -> None:
    """Their labels are zeros and ones themselves."""
    labels = LABELS % 2

    def chosen(z: Any) -> Any:
        return np.sum(np.exp(z)[ROWS, labels])

    (proof,) = by_normal_form(chosen, lambda z: np.eye(2)[labels] * np.exp(z), (Z[:, :2],))
    assert proof.proved, proof.reason
    assert not by_normal_form(chosen, lambda z: np.eye(2)[1 - labels] * np.exp(z), (Z[:, :2],))[0].proved


def test_the_entries_of_an_array_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not once for each term of a sum in which they occur, when a point is looked for where a proof holds."""
    X = np.linspace(-1, 1, 40).reshape(10, 4) ** 3
    reads: list[float] = []
    own = literals.bounds

    def counted(value: Any) -> Any:
        reads.append(value)
        return own(value)

    def total(w: Any) -> Any:
        return np.sum(1 / (X @ w))

    def right(w: Any) -> Any:
        return -(X.T @ (1 / (X @ w)) ** 2)

    monkeypatch.setattr(literals, "bounds", counted)
    (proof,) = by_normal_form(total, right, (np.ones(4),))
    assert proof.proved, proof.reason
    assert len(reads) <= 4 * X.size


def test_minus_an_array_is_the_same_array() -> None:
    """As in ``-X.T @ residual``, where Python negates the data first."""
    X = np.linspace(-1, 2, 320).reshape(80, 4) ** 3
    y = np.linspace(-2, 3, 80)

    def squares(w: Any) -> Any:
        return np.sum((y - X @ w) ** 2) / 2

    assert by_normal_form(squares, lambda w: -X.T @ (y - X @ w), (np.ones(4),))[0].proved
    assert by_normal_form(squares, lambda w: X.T @ (-y + X @ w), (np.ones(4),))[0].proved
    assert not by_normal_form(squares, lambda w: X.T @ (y - X @ w), (np.ones(4),))[0].proved
    assert not by_normal_form(squares, lambda w: -X.T @ (-y - X @ w), (np.ones(4),))[0].proved


def test_labels_that_are_an_argument() -> None:
    """The slope that everybody writes: one is subtracted where the labels point."""

    def labelled(z: Any, y: Any) -> Any:
        return -np.mean(np.log(softmax(z)[np.arange(len(y)), y]))

    def subtracted(z: Any, y: Any, much: float = 1.0) -> Any:
        p = softmax(z)
        p[np.arange(len(y)), y] -= much
        return p / len(y)

    def one_hot(z: Any, y: Any) -> Any:
        return (softmax(z) - np.eye(4)[y]) / len(y)

    inputs = (Z[:6], LABELS[:6])
    assert by_normal_form(labelled, subtracted, inputs)[0].proved
    assert by_normal_form(labelled, one_hot, inputs)[0].proved
    assert not by_normal_form(labelled, lambda z, y: subtracted(z, y, 0.5), inputs)[0].proved
    assert not by_normal_form(labelled, lambda z, y: one_hot(z, y[::-1]), inputs)[0].proved


def test_positions_of_other_strides() -> None:
    """Entries of flattened rows are entries of rows with the stride of the rows alone."""

    def taken(z: Any, y: Any, stride: int = 4) -> Any:
        return np.sum(np.exp(z).reshape(-1)[stride * np.arange(6) + np.arange(4)[y]])

    def right(z: Any, y: Any) -> Any:
        return np.exp(z) * np.eye(4)[y]

    inputs = (Z[:6], LABELS[:6])
    assert by_normal_form(taken, right, inputs)[0].proved
    assert not by_normal_form(lambda z, y: taken(z, y, 3), right, inputs)[0].proved
