"""Wrong derivatives of softmax, log-sum-exp and the losses of classification."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
Z = np.array([0.5, -1.25, 2.0])
ROWS = np.array([[0.75, -1.5, 0.25], [2.0, -0.5, 1.25]])
SQUARE = np.array([[0.75, -1.5, 0.25], [2.0, -0.5, 1.25], [-1.0, 0.5, 0.125]])
Y = np.array([0.5, 0.25, 1.0])
ONE_HOT = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


# Softmax ----------------------------------------------------------------------------------------------------


def softmax_backward(z: Any, g: Any) -> Any:
    y = softmax(z)
    return y * (g - np.sum(g * y, axis=-1, keepdims=True))


def softmax_diagonal(z: Any, g: Any) -> Any:
    y = softmax(z)
    return g * y * (1 - y)


PAIRS.add(
    "softmax with the diagonal of its Jacobian only",
    "missing_reduction",
    softmax,
    wrong=softmax_diagonal,
    right=softmax_backward,
    inputs=(ROWS,),
    of="vjp",
    source="github.com/deeplearning4j/libnd4j/issues/440",
)
PAIRS.add(
    "softmax that copies the gradient through",
    "chain",
    softmax,
    wrong=lambda z, g: g,
    right=softmax_backward,
    inputs=(ROWS,),
    of="vjp",
    source="github.com/pjreddie/darknet/pull/96",
)
PAIRS.add(
    "softmax without the path through the normalizer",
    "missing_path",
    softmax,
    wrong=lambda z, g: softmax(z) * g,
    right=softmax_backward,
    inputs=("n d",),
    of="vjp",
    special="shape",
)


def softmax_down_the_columns(z: Any, g: Any) -> Any:
    y = softmax(z)
    return y * (g - np.sum(g * y, axis=0, keepdims=True))


PAIRS.add(
    "softmax of rows, backward summed over columns",
    "wrong_axis",
    softmax,
    wrong=softmax_down_the_columns,
    right=softmax_backward,
    inputs=(ROWS,),
    of="vjp",
)


def softmax_twice(z: Any, g: Any) -> Any:
    y = softmax(z)
    return g * y * (g - np.sum(g * y, axis=-1, keepdims=True))


PAIRS.add(
    "softmax times the cotangent once more",
    "upstream",
    softmax,
    wrong=softmax_twice,
    right=softmax_backward,
    inputs=(Z,),
    of="vjp",
)


def softmax_jacobian(z: Any) -> Any:
    y = softmax(z)
    return np.diag(y) - np.outer(y, y)


PAIRS.add(
    "softmax Jacobian with a plus off the diagonal",
    "sign",
    softmax,
    wrong=lambda z: np.diag(softmax(z)) + np.outer(softmax(z), softmax(z)),
    right=softmax_jacobian,
    inputs=(Z,),
    of="jacobian",
)


# Log-softmax and log-sum-exp --------------------------------------------------------------------------------


def log_softmax(z: Any) -> Any:
    m = np.max(z, axis=-1, keepdims=True)
    return z - m - np.log(np.sum(np.exp(z - m), axis=-1, keepdims=True))


PAIRS.add(
    "log-softmax without the sum over the row",
    "missing_reduction",
    log_softmax,
    wrong=lambda z, g: g - softmax(z) * g,
    right=lambda z, g: g - softmax(z) * np.sum(g, axis=-1, keepdims=True),
    inputs=(ROWS,),
    of="vjp",
)


def total_score(z: Any) -> Any:
    return np.log(np.sum(np.exp(z)))


PAIRS.add(
    "log-sum-exp that ignores the gradient at its output",
    "upstream",
    total_score,
    wrong=lambda z, g: np.exp(z - total_score(z)),
    right=lambda z, g: g * np.exp(z - total_score(z)),
    inputs=(Z,),
    of="vjp",
    source="github.com/k2-fsa/k2/issues/341",
)


def stable_score(z: Any) -> Any:
    m = np.max(z)
    return m + np.log(np.sum(np.exp(z - m)))


def score_and_shift(z: Any) -> Any:
    m = np.max(z)
    e = np.exp(z - m)
    return e / np.sum(e) + np.where(z == m, 1.0, 0.0)


PAIRS.add(
    "log-sum-exp that differentiates its shift on one side",
    "extra_term",
    stable_score,
    wrong=score_and_shift,
    right=softmax,
    inputs=(Z,),
)


# Cross-entropy ----------------------------------------------------------------------------------------------


def cross_entropy(z: Any, y: Any) -> Any:
    return -np.sum(y * log_softmax(z))


PAIRS.add(
    "cross-entropy of labels that do not sum to one",
    "assumption",
    cross_entropy,
    wrong=lambda z, y: softmax(z) - y,
    right=lambda z, y: softmax(z) * np.sum(y) - y,
    inputs={"z": Z, "y": Y},
    wrt="z",
    source="github.com/tensorflow/tensorflow/issues/60314",
)
PAIRS.add(
    "Hessian of cross-entropy of labels that do not sum to one",
    "assumption",
    cross_entropy,
    wrong=lambda z, y: softmax_jacobian(z),
    right=lambda z, y: np.sum(y) * softmax_jacobian(z),
    inputs={"z": Z, "y": Y},
    wrt="z",
    of="hessian",
    special="second order",
)
PAIRS.add(
    "Hessian of cross-entropy whose gradient is held constant",
    "second_order",
    cross_entropy,
    wrong=lambda z, y: np.zeros((3, 3)),
    right=lambda z, y: softmax_jacobian(z),
    inputs={"z": Z, "y": np.array([0.0, 1.0, 0.0])},
    wrt="z",
    of="hessian",
    domain={"y": "one_hot"},
    special="second order",
    source="github.com/tensorflow/tensorflow/issues/7403",
)


def picked(z: Any) -> Any:
    return -np.mean(log_softmax(z)[np.arange(2), np.array([1, 0])])


def picked_grad(z: Any) -> Any:
    p = softmax(z)
    p[np.arange(2), np.array([1, 0])] -= 1
    return p / 2


def picked_from_one(z: Any) -> Any:
    p = softmax(z)
    p[np.arange(2), np.array([1, 0]) + 1] -= 1
    return p / 2


PAIRS.add(
    "cross-entropy with labels counted from one",
    "index",
    picked,
    wrong=picked_from_one,
    right=picked_grad,
    inputs=(ROWS,),
)


def smoothed(z: Any) -> Any:
    target = 0.75 * ONE_HOT + 0.25 / 3
    return -np.sum(target * log_softmax(z))


PAIRS.add(
    "label smoothing spread over the other classes only",
    "convention",
    smoothed,
    wrong=lambda z: softmax(z) - (0.75 * ONE_HOT + 0.25 / 2 * (1 - ONE_HOT)),
    right=lambda z: softmax(z) - (0.75 * ONE_HOT + 0.25 / 3),
    inputs=(ROWS,),
)
