"""Constant arrays of the author's code in proofs: their transposes and one-hot rows are known, other values are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.checking.arguments import parameters
from symdiff.checking.questions import ask
from symdiff.proof.every_shape.proving import Proof, prove

GENERATOR = np.random.default_rng(3)
A = GENERATOR.normal(size=(3, 4))
K = np.array([[2.0, 1.5, 0.25], [1.5, -1.0, 0.75], [0.25, 0.75, 3.0]])
T = GENERATOR.normal(size=(2, 3, 4))
HOT = np.eye(4)[[1, 3, 0]]
SOFT = np.array([[0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0]])
TWO = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
Z = np.linspace(-1, 2, 12).reshape(3, 4)
V = np.array([1.0, -2.0, 0.5])


def proof(fn: Callable[..., Any], claim: Callable[..., Any], x: Any) -> Proof:
    question = ask(fn, claim, parameters(fn, (x,)), 0, "gradient")
    assert question.claimed is not None
    (found,) = prove(question.truth.store, question.truth.outputs, question.claimed, seconds=3)
    return found


def softmax(z: Any) -> Any:
    e = np.exp(z)
    return e / np.sum(e, axis=1, keepdims=True)


def cross_entropy(labels: Any) -> Callable[..., Any]:
    return lambda z: -np.sum(labels * np.log(softmax(z)))


@pytest.mark.parametrize("dtype", [float, int, bool])
def test_one_hot_rows_sum_to_one(dtype: type) -> None:
    labels = HOT.astype(dtype)
    assert proof(cross_entropy(labels), lambda z: softmax(z) - HOT, Z).proved


def test_rows_along_another_axis() -> None:
    def loss(z: Any) -> Any:
        e = np.exp(z)
        return -np.sum(HOT.T * np.log(e / np.sum(e, axis=0)))

    def slope(z: Any) -> Any:
        e = np.exp(z)
        return e / np.sum(e, axis=0) - HOT.T

    assert proof(loss, slope, Z.T.copy()).proved


@pytest.mark.parametrize("labels", [TWO, SOFT], ids=["two ones in a row", "weights"])
def test_other_rows_do_not(labels: Any) -> None:
    """With weights that sum to one the claim is right, but the normal form does not read their values."""
    assert not proof(cross_entropy(labels), lambda z: softmax(z) - labels, Z).proved


def test_two_ones_in_a_row_are_refuted() -> None:
    assert sd.check(cross_entropy(TWO), lambda z: softmax(z) - TWO, Z).status == "refuted"


def test_the_transpose_of_a_constant_is_the_constant() -> None:
    assert proof(lambda x: np.sum(np.sin(A.T @ x)), lambda x: A @ np.cos(A.T @ x), V).proved
    assert not proof(lambda x: np.sum(np.sin(K @ x)), lambda x: (K + 1) @ np.cos(K @ x), V).proved


def test_a_square_constant_is_not_its_transpose() -> None:
    square = K + np.triu(np.ones((3, 3)), 1)
    assert proof(lambda x: np.sum(np.sin(square @ x)), lambda x: square.T @ np.cos(square @ x), V).proved
    assert not proof(lambda x: np.sum(np.sin(square @ x)), lambda x: square @ np.cos(square @ x), V).proved


def test_a_symmetric_constant_is_its_transpose() -> None:
    assert proof(lambda x: np.sum(np.sin(K @ x)), lambda x: K @ np.cos(K @ x), V).proved


def test_three_axes() -> None:
    def energy(x: Any) -> Any:
        return np.sum(np.exp(np.einsum("ijk,j->ik", T, x)))

    def slope(x: Any) -> Any:
        return np.einsum("kij,ik->j", T.transpose(2, 0, 1), np.exp(np.einsum("ijk,j->ik", T, x)))

    assert proof(energy, slope, V).proved


def test_labels_in_the_closure_of_a_whole_backward_pass() -> None:
    X, W, b = GENERATOR.normal(size=(16, 6)), GENERATOR.normal(size=(6, 4)), GENERATOR.normal(size=4)
    Y = np.eye(4)[GENERATOR.integers(0, 4, 16)]

    def loss(W: Any, b: Any) -> Any:
        return -np.mean(np.sum(Y * np.log(softmax(np.tanh(X @ W) + b)), axis=1))

    def right(W: Any, b: Any) -> Any:
        a = np.tanh(X @ W)
        bar = (softmax(a + b) - Y) / 16
        return X.T @ (bar * (1 - a**2)), bar.sum(0)

    def wrong(W: Any, b: Any) -> Any:
        first, second = right(W, b)
        return first, second * 1.0000001

    assert sd.check(loss, right, (W, b), wrt=("W", "b")).status == "proved"
    parts = sd.check(loss, wrong, (W, b), wrt=("W", "b")).parts
    assert {name: part.status for name, part in parts.items()} == {"W": "proved", "b": "refuted"}
