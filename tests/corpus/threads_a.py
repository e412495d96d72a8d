"""Mistakes of threads and notebooks that need more than one line: batches, windows, steps in time."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
X = np.array([0.5, -1.25, 2.0])
B = np.array([0.75, 1.5, -0.25])
M = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
T = np.array([[1.0, 0.5, 0.0], [-1.0, 0.25, 2.0]])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


# Broadcasting -----------------------------------------------------------------------------------------------


def add_row(a: Any, b: Any) -> Any:
    return np.sum((a + b - T) ** 2)


PAIRS.add(
    "row added to a matrix, gradient in the matrix's shape",
    "missing_reduction",
    add_row,
    wrong=lambda a, b: 2 * (a + b - T),
    right=lambda a, b: np.sum(2 * (a + b - T), axis=0, keepdims=True),
    inputs={"a": M, "b": B.reshape(1, 3)},
    wrt="b",
    source="github.com/deeplearning4j/nd4j/issues/2424",
)
PAIRS.add(
    "row added to a matrix, gradient averaged",
    "factor",
    lambda a, b: a + b,
    wrong=lambda a, b, g: np.mean(g, axis=0),
    right=lambda a, b, g: np.sum(g, axis=0),
    inputs=("n d", "d"),
    wrt=1,
    of="vjp",
    special="shape",
    source="github.com/tensorflow/tfjs-core/pull/398",
)


def mse_of_a_row(x0: Any, x1: Any) -> Any:
    return np.sum((x0 - x1) ** 2) / len(x0)


PAIRS.add(
    "mean squared error of a broadcast target",
    "missing_reduction",
    mse_of_a_row,
    wrong=lambda x0, x1: -(x0 - x1) * (2.0 / len(x0)),
    right=lambda x0, x1: -np.sum(x0 - x1, axis=0) * (2.0 / len(x0)),
    inputs={"x0": M, "x1": B},
    wrt="x1",
    source="github.com/oreilly-japan/deep-learning-from-scratch-3/issues/20",
)
PAIRS.add(
    "mask of one column times a matrix, gradient not reduced",
    "missing_reduction",
    lambda h, mask: h * mask,
    wrong=lambda h, mask, g: g * h,
    right=lambda h, mask, g: np.sum(g * h, axis=1, keepdims=True),
    inputs={"h": M, "mask": np.array([[1.0], [0.5]])},
    wrt="mask",
    of="vjp",
    source="github.com/tenstorrent/tt-metal/issues/40008",
)


def softmax_regression(W: Any, b: Any, x: Any, y: Any) -> Any:
    z = x @ W.T + b
    return np.sum(np.log(np.sum(np.exp(z), axis=1))) - np.sum(y * z)


def softmax_regression_grad(W: Any, b: Any, x: Any, y: Any) -> Any:
    p = softmax(x @ W.T + b)
    return -(y - p).T @ x, -np.sum(y - p, axis=0)


def one_bias_for_all(W: Any, b: Any, x: Any, y: Any) -> Any:
    p = softmax(x @ W.T + b)
    return -(y - p).T @ x, -np.sum(y - p)


REGRESSION = {
    "W": np.array([[0.5, -0.25], [1.0, 0.75], [-0.5, 0.125]]),
    "b": B,
    "x": np.array([[1.0, -0.5], [0.25, 2.0]]),
    "y": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
}
PAIRS.add(
    "softmax regression with one sum for all biases",
    "wrong_axis",
    softmax_regression,
    wrong=one_bias_for_all,
    right=softmax_regression_grad,
    inputs=REGRESSION,
    wrt=("W", "b"),
    domain={"y": "one_hot"},
    source="github.com/rasbt/stat453-deep-learning-ss21/issues/5",
)


def bias_averaged(W: Any, b: Any, x: Any, y: Any) -> Any:
    p = softmax(x @ W.T + b)
    return -(y - p).T @ x, -np.mean(y - p, axis=0)


PAIRS.add(
    "softmax regression whose biases take the mean of the batch",
    "factor",
    softmax_regression,
    wrong=bias_averaged,
    right=softmax_regression_grad,
    inputs=REGRESSION,
    wrt=("W", "b"),
    domain={"y": "one_hot"},
    source="github.com/kvfrans/notes/issues/5",
)


# Layers -----------------------------------------------------------------------------------------------------


def two_layers(z1: Any, W2: Any) -> Any:
    z2 = np.tanh(z1) @ W2
    return np.sum(z2**2)


def two_layers_grad(z1: Any, W2: Any) -> Any:
    delta3 = 2 * (np.tanh(z1) @ W2)
    return (1 - np.tanh(z1) ** 2) * (delta3 @ W2.T)


def two_layers_of_z2(z1: Any, W2: Any) -> Any:
    z2 = np.tanh(z1) @ W2
    return (1 - np.tanh(z2) ** 2) * (2 * z2 @ W2.T)


SQUARE = np.array([[0.5, -0.25, 1.0], [1.0, 0.75, -0.5], [-0.5, 0.125, 0.25]])
PAIRS.add(
    "hidden tanh differentiated at the next layer's input",
    "stale",
    two_layers,
    wrong=two_layers_of_z2,
    right=two_layers_grad,
    inputs={"z1": M, "W2": SQUARE},
    wrt="z1",
    source="github.com/dennybritz/nn-from-scratch/pull/3",
)


def local_error(w: Any, x: Any, y: Any) -> Any:
    return 0.5 * (y - sigmoid(w @ x)) ** 2


def local_error_grad(w: Any, x: Any, y: Any) -> Any:
    out = sigmoid(w @ x)
    return -(y - out) * out * (1 - out) * x


PAIRS.add(
    "local gradient without the prime of the activation",
    "chain",
    local_error,
    wrong=lambda w, x, y: -(y - sigmoid(w @ x)) * x,
    right=local_error_grad,
    inputs={"w": B, "x": X, "y": 1.0},
    wrt="w",
    source="github.com/filipecalasans/mlp/issues/1",
)


def features_for_the_sum(w: Any, x: Any, y: Any) -> Any:
    prime = sigmoid(x) * (1 - sigmoid(x))
    return -(y - sigmoid(w @ x)) * prime * x


PAIRS.add(
    "error term with the sigmoid's slope at the features",
    "stale",
    local_error,
    wrong=features_for_the_sum,
    right=local_error_grad,
    inputs={"w": B, "x": X, "y": 1.0},
    wrt="w",
    source="github.com/udacity/deep-learning-v2-pytorch/issues/409",
)
PAIRS.add(
    "printed gradient of a quadratic, two missing from the matrix",
    "factor",
    lambda x: x @ np.array([[2.0, 1.0], [1.0, 20.0]]) @ x - np.array([5.0, 3.0]) @ x,
    wrong=lambda x: np.array([[2.0, 1.0], [1.0, 20.0]]) @ x - np.array([5.0, 3.0]),
    right=lambda x: 2 * np.array([[2.0, 1.0], [1.0, 20.0]]) @ x - np.array([5.0, 3.0]),
    inputs=(np.array([-3.0, -1.0]),),
    source="github.com/mml-book/mml-book.github.io/issues/226",
)


# Windows and time -------------------------------------------------------------------------------------------


def pooled(x: Any) -> Any:
    return np.stack([np.max(x[0:3]), np.max(x[1:4]), np.max(x[2:5])])


def winners(x: Any, g: Any, accumulate: bool) -> Any:
    out = np.zeros(5)
    for i in range(3):
        window = [float(v) for v in x[i : i + 3]]
        k = i + int(np.argmax(window))
        out[k] = out[k] + g[i] if accumulate else g[i]
    return out


PAIRS.add(
    "overlapping pools that overwrite a shared winner",
    "missing_path",
    pooled,
    wrong=lambda x, g: winners(x, g, accumulate=False),
    right=lambda x, g: winners(x, g, accumulate=True),
    inputs=(np.array([0.5, -1.0, 3.0, 1.5, 0.25]),),
    of="vjp",
    source="github.com/FluxML/Flux.jl/issues/1197",
)


def recurrent(u: Any, x: Any) -> Any:
    h = np.zeros(2)
    total = 0.0
    for t in range(3):
        h = np.tanh(x[t] + u * h)
        total = total + np.sum(h**2)
    return total


def recurrent_grad(u: Any, x: Any, through_time: bool = True) -> Any:
    states = [np.zeros(2)]
    for t in range(3):
        states.append(np.tanh(x[t] + u * states[-1]))
    du, dh = np.zeros(2), np.zeros(2)
    for t in (2, 1, 0):
        h = states[t + 1]
        dz = (2 * h + dh) * (1 - h * h)
        du = du + dz * states[t]
        dh = dz * u if through_time else np.zeros(2)
    return du


PAIRS.add(
    "recurrent weight whose gradient is not handed to the step before",
    "missing_path",
    recurrent,
    wrong=lambda u, x: recurrent_grad(u, x, through_time=False),
    right=lambda u, x: recurrent_grad(u, x),
    inputs={"u": np.array([0.75, -0.5]), "x": np.array([[0.5, 1.0], [-1.25, 0.25], [0.75, -0.5]])},
    wrt="u",
    source="github.com/qixianbiao/RNN/issues/2",
)


def spread(x: Any) -> Any:
    return np.max(x) ** 2


PAIRS.add(
    "maximum with a loose test for the winner",
    "threshold",
    spread,
    wrong=lambda x: 2 * np.max(x) * np.where(np.max(x) - x < 0.25, 1.0, 0.0),
    right=lambda x: 2 * np.max(x) * np.where(x == np.max(x), 1.0, 0.0) / np.sum(x == np.max(x)),
    inputs=(np.array([0.5, 1.875, 2.0]),),
    source="github.com/mni-ml/framework/pull/22",
)
