"""Wrong answers to other questions: at a named intermediate, along a direction, under a convention, of a value."""

from __future__ import annotations

from typing import Any

import numpy as np

import symdiff as sd
from corpus import Pairs

PAIRS = Pairs()
X = np.array([0.5, 0.0, -1.25])
Z = np.array([0.5, -1.25, 2.0])
TORCH = {"convention": "torch"}


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


# Named intermediates ----------------------------------------------------------------------------------------


def network(W1: Any, W2: Any, x: Any, y: Any) -> Any:
    z1 = sd.name(W1 @ x, "z1")
    a1 = sd.name(np.tanh(z1), "a1")
    y_hat = sd.name(sigmoid(W2 @ a1), "y_hat")
    return 0.5 * np.sum((y_hat - y) ** 2)


def backward(W1: Any, W2: Any, x: Any, y: Any) -> Any:
    a1 = np.tanh(W1 @ x)
    y_hat = sigmoid(W2 @ a1)
    dz2 = (y_hat - y) * y_hat * (1 - y_hat)
    da1 = W2.T @ dz2
    return {"a1": da1, "z1": da1 * (1 - a1**2), "W1": np.outer(da1 * (1 - a1**2), x)}


def backward_through_linear(W1: Any, W2: Any, x: Any, y: Any) -> Any:
    found = backward(W1, W2, x, y)
    return {**found, "z1": found["a1"]}


def backward_without_output(W1: Any, W2: Any, x: Any, y: Any) -> Any:
    a1 = np.tanh(W1 @ x)
    da1 = W2.T @ (sigmoid(W2 @ a1) - y)
    return {"a1": da1, "z1": da1 * (1 - a1**2), "W1": np.outer(da1 * (1 - a1**2), x)}


MODEL = {
    "W1": np.array([[0.5, -0.25, 1.0], [0.75, 0.125, -0.5]]),
    "W2": np.array([[1.0, -0.75], [0.25, 0.5]]),
    "x": Z,
    "y": np.array([1.0, 0.0]),
}
PAIRS.add(
    "gradient at the pre-activation copied from the activation",
    "chain",
    network,
    wrong=backward_through_linear,
    right=backward,
    inputs=MODEL,
    wrt=("a1", "z1", "W1"),
)
PAIRS.add(
    "squared error of a sigmoid with the delta of cross-entropy",
    "chain",
    network,
    wrong=backward_without_output,
    right=backward,
    inputs=MODEL,
    wrt=("a1", "z1", "W1"),
)


# Along a direction ------------------------------------------------------------------------------------------


def softmax_along(z: Any, v: Any) -> Any:
    y = softmax(z)
    return y * (v - np.sum(y * v))


PAIRS.add(
    "softmax along a direction, its average not subtracted",
    "missing_path",
    softmax,
    wrong=lambda z, v: softmax(z) * v,
    right=softmax_along,
    inputs=(Z,),
    of="jvp",
)
PAIRS.add(
    "outer product along a direction, transposed",
    "transpose",
    lambda x: np.outer(x, np.cos(x)),
    wrong=lambda x, v: np.outer(np.cos(x), v) - np.outer(np.sin(x) * v, x),
    right=lambda x, v: np.outer(v, np.cos(x)) - np.outer(x, np.sin(x) * v),
    inputs=(Z,),
    of="jvp",
)
PAIRS.add(
    "Hessian-vector product of log-sum-exp by its diagonal",
    "missing_path",
    lambda z: np.log(np.sum(np.exp(z))),
    wrong=lambda z, v: softmax(z) * v,
    right=softmax_along,
    inputs=(Z,),
    of="hvp",
    special="second order",
)
PAIRS.add(
    "Hessian-vector product of a quartic without its three",
    "factor",
    lambda x: np.sum(x**4),
    wrong=lambda x, v: 4 * x**2 * v,
    right=lambda x, v: 12 * x**2 * v,
    inputs=(Z,),
    of="hvp",
    special="second order",
)


# Under a convention -----------------------------------------------------------------------------------------


PAIRS.add(
    "absolute value with slope one at zero, asked for torch's",
    "edge",
    lambda x: np.sum(np.abs(x)),
    wrong=lambda x: np.where(x >= 0, 1.0, -1.0),
    right=np.sign,
    inputs=(X,),
    options=TORCH,
    special="point",
    source="github.com/KhawajaAbaid/micrograd_c/issues/4",
)
PAIRS.add(
    "ReLU with slope one at zero, asked for torch's",
    "edge",
    lambda x: np.sum(np.maximum(x, 0)),
    wrong=lambda x: 1.0 * (x >= 0),
    right=lambda x: 1.0 * (x > 0),
    inputs=(X,),
    options=TORCH,
    special="point",
)


# Of a value -------------------------------------------------------------------------------------------------


PAIRS.add(
    "second implementation of a variance, over n - 1",
    "factor",
    lambda x: np.mean((x - np.mean(x)) ** 2),
    wrong=lambda x: np.sum((x - np.mean(x)) ** 2) / (x.size - 1),
    right=lambda x: np.mean(x**2) - np.mean(x) ** 2,
    inputs=(Z,),
    of="value",
)
PAIRS.add(
    "second implementation of softmax, along the other axis",
    "wrong_axis",
    softmax,
    wrong=lambda z: np.exp(z) / np.sum(np.exp(z), axis=0, keepdims=True),
    right=lambda z: np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True),
    inputs=(np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]),),
    of="value",
)
PAIRS.add(
    "second implementation of a log-sum-exp, sign of the shift",
    "sign",
    lambda z: np.log(np.sum(np.exp(z))),
    wrong=lambda z: -np.max(z) + np.log(np.sum(np.exp(z - np.max(z)))),
    right=lambda z: np.max(z) + np.log(np.sum(np.exp(z - np.max(z)))),
    inputs=(Z,),
    of="value",
)
