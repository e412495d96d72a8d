"""Wrong claims asked for every shape: factors of a size, lost terms, lost transposes."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def log_sum_exp(z: Any) -> Any:
    return np.log(np.sum(np.exp(z)))


PAIRS.add(
    "every shape: mean of squares divided by the rows only",
    "factor",
    lambda x: np.mean(x**2),
    wrong=lambda x: 2 * x / x.shape[0],
    right=lambda x: 2 * x / (x.shape[0] * x.shape[1]),
    inputs=("n d",),
    special="shape",
)
PAIRS.add(
    "every shape: cross-entropy with the sign of a likelihood",
    "sign",
    lambda z, y: log_sum_exp(z) - y @ z,
    wrong=lambda z, y: y - softmax(z),
    right=lambda z, y: softmax(z) - y,
    inputs={"z": "n", "y": "n"},
    wrt="z",
)
PAIRS.add(
    "every shape: cross-entropy of any labels",
    "assumption",
    lambda z, y: np.sum(y) * log_sum_exp(z) - y @ z,
    wrong=lambda z, y: softmax(z) - y,
    right=lambda z, y: np.sum(y) * softmax(z) - y,
    inputs={"z": "n", "y": "n"},
    wrt="z",
)


def variance(x: Any) -> Any:
    return np.mean((x - np.mean(x)) ** 2)


PAIRS.add(
    "every shape: variance of data taken for centred",
    "assumption",
    variance,
    wrong=lambda x: 2 * x / x.shape[0],
    right=lambda x: 2 * (x - np.mean(x)) / x.shape[0],
    inputs=("n",),
)
PAIRS.add(
    "every shape: variance over n - 1",
    "factor",
    variance,
    wrong=lambda x: 2 * (x - np.mean(x)) / (x.shape[0] - 1),
    right=lambda x: 2 * (x - np.mean(x)) / x.shape[0],
    inputs=("n",),
)


def ridge(w: Any, X: Any, y: Any) -> Any:
    return 0.5 * np.sum((X @ w - y) ** 2) + 0.25 * np.sum(w**2)


PAIRS.add(
    "every shape: least squares without its penalty",
    "missing_path",
    ridge,
    wrong=lambda w, X, y: X.T @ (X @ w - y),
    right=lambda w, X, y: X.T @ (X @ w - y) + 0.5 * w,
    inputs={"w": "d", "X": "n d", "y": "n"},
    wrt="w",
)
PAIRS.add(
    "every shape: least squares with a penalty that it has not",
    "extra_term",
    lambda w, X, y: 0.5 * np.sum((X @ w - y) ** 2),
    wrong=lambda w, X, y: X.T @ (X @ w - y) + w,
    right=lambda w, X, y: X.T @ (X @ w - y),
    inputs={"w": "d", "X": "n d", "y": "n"},
    wrt="w",
)
PAIRS.add(
    "every shape: sum of a bias over the batch left out",
    "missing_reduction",
    lambda X, b: np.sum(np.tanh(X + b)),
    wrong=lambda X, b: 1 - np.tanh(X + b) ** 2,
    right=lambda X, b: np.sum(1 - np.tanh(X + b) ** 2, axis=0),
    inputs={"X": "n d", "b": "d"},
    wrt="b",
)
PAIRS.add(
    "every shape: tanh layer without the slope of tanh",
    "chain",
    lambda x, W: 0.5 * np.sum(np.tanh(W @ x) ** 2),
    wrong=lambda x, W: W.T @ np.tanh(W @ x),
    right=lambda x, W: W.T @ (np.tanh(W @ x) * (1 - np.tanh(W @ x) ** 2)),
    inputs={"x": "d", "W": "m d"},
    wrt="x",
)
PAIRS.add(
    "every shape: quadratic form of a matrix taken for symmetric",
    "symmetry",
    lambda x, A: x @ A @ x,
    wrong=lambda x, A: 2 * A @ x,
    right=lambda x, A: (A + A.T) @ x,
    inputs={"x": "n", "A": "n n"},
    wrt="x",
)
PAIRS.add(
    "every shape: softmax of rows, sum down the columns",
    "wrong_axis",
    softmax,
    wrong=lambda z, g: softmax(z) * (g - np.sum(g * softmax(z), axis=0, keepdims=True)),
    right=lambda z, g: softmax(z) * (g - np.sum(g * softmax(z), axis=1, keepdims=True)),
    inputs=("n d",),
    of="vjp",
)
PAIRS.add(
    "every shape: two factors with their gradients exchanged",
    "swapped",
    lambda a, b: np.sum(np.exp(a) * np.sin(b)),
    wrong=lambda a, b: (np.exp(a) * np.cos(b), np.exp(a) * np.sin(b)),
    right=lambda a, b: (np.exp(a) * np.sin(b), np.exp(a) * np.cos(b)),
    inputs={"a": "n", "b": "n"},
    wrt=("a", "b"),
)
