"""Claims in the style of courses: layer objects with caches, loops with += and writes in place; and odds and ends."""

from __future__ import annotations

import numpy as np

from corpus import Pairs
from corpus.arrays import eighths, positive

PAIRS = Pairs()
# fmt: off

X43, W33, V33, x3, y3, x5 = (
    eighths(1, 4, 3), eighths(2, 3, 3) / 2, eighths(3, 3, 3) / 2, eighths(4, 3), eighths(5, 3), eighths(6, 5),
)


class Linear:
    def __init__(self, W, accumulate=True):
        self.W, self.dW, self.inputs, self.accumulate = W, np.zeros_like(W), [], accumulate

    def forward(self, x):
        self.inputs.append(x)
        return x @ self.W

    def backward(self, g):
        update = self.inputs.pop().T @ g
        if self.accumulate:
            self.dW = self.dW + update
        else:
            self.dW = update
        return g @ self.W.T


class Tanh:
    def forward(self, z):
        self.out = np.tanh(z)
        return self.out

    def backward(self, g):
        return g * (1 - self.out**2)


def two_layers(W, V, X):
    return np.tanh(np.tanh(X @ W) @ V)


def run(layers, X, g):
    for layer in layers:
        X = layer.forward(X)
    for layer in reversed(layers):
        g = layer.backward(g)
    return g


def objects(W, V, X, g, shared=False):
    first, second, act = Linear(W), Linear(V), Tanh()
    run([first, act, second, act if shared else Tanh()], X, g)
    return first.dW, second.dW


PAIRS.add(
    "one activation object for two layers", "stale", two_layers, inputs=(W33, V33, X43), wrt=("W", "V"), of="vjp",
    wrong=lambda W, V, X, g: objects(W, V, X, g, shared=True),
    right=objects,
)


def shared_weights(W, X, g, accumulate=True):
    layer = Linear(W, accumulate)
    run([layer, Tanh(), layer], X, g)
    return layer.dW


PAIRS.add(
    "layer used twice, gradient set instead of added", "missing_path", lambda W, X: np.tanh(X @ W) @ W,
    inputs=(W33, X43), of="vjp",
    wrong=lambda W, X, g: shared_weights(W, X, g, accumulate=False),
    right=shared_weights,
)


def smoothed(x, k):
    return np.stack([x[i : i + 3] @ k for i in range(3)])


def windows_added(x, k, g):
    dx = np.zeros(5)
    for i in range(3):
        dx[i : i + 3] += g[i] * k
    return dx


def windows_written(x, k, g):
    dx = np.zeros(5)
    for i in range(3):
        dx[i : i + 3] = g[i] * k
    return dx


PAIRS.add(
    "convolution loop, windows written over each other", "missing_path", smoothed, inputs=(x5, y3), of="vjp",
    wrong=windows_written, right=windows_added,
)


def softmax(Z):
    E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def row_by_row(Z, g, sign=-1):
    S = softmax(Z)
    dZ = np.empty_like(Z)
    for i, (s, dy) in enumerate(zip(S, g, strict=True)):
        s = s.reshape(-1, 1)
        jacobian = np.diagflat(s) + sign * s @ s.T
        dZ[i] = jacobian @ dy
    return dZ


PAIRS.add(
    "softmax by its Jacobian, outer product added", "sign", softmax, inputs=(X43,), of="vjp",
    wrong=lambda Z, g: row_by_row(Z, g, 1), right=row_by_row,
)
PAIRS.add(
    "softmax backward without a shift, at 1000", "nan", softmax, special="point", of="vjp",
    inputs=(np.array([[1000.0, 999.0, 998.5]]),),
    wrong=lambda Z, g: np.exp(Z) / np.sum(np.exp(Z)) * (g - np.sum(g * np.exp(Z)) / np.sum(np.exp(Z))),
    right=row_by_row,
)
PAIRS.add(
    "variance by way of the deviation, of equal numbers", "nan", lambda x: np.mean((x - np.mean(x)) ** 2),
    inputs=(np.full(4, 1.5),), special="point",
    wrong=lambda x: 2 * np.std(x) * ((x - np.mean(x)) / (len(x) * np.std(x))),
    right=lambda x: 2 * (x - np.mean(x)) / len(x),
)

SEEN = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
PAIRS.add(
    "inverted dropout, divided by the wrong probability", "factor", lambda x, keep: x * keep / (1 - 0.25),
    inputs=(X43, SEEN), of="vjp",
    wrong=lambda x, keep, g: g * keep / 0.25,
    right=lambda x, keep, g: g * keep / (1 - 0.25),
)


def gru_gate(a, n, h):
    z = 1 / (1 + np.exp(-a))
    return z * h + (1 - z) * n


def gru_gate_backward(a, n, h, g, sign=1):
    z = 1 / (1 + np.exp(-a))
    return sign * g * (h - n) * z * (1 - z), g * (1 - z), g * z


PAIRS.add(
    "GRU step, candidate minus state", "sign", gru_gate, inputs=(x3, y3, eighths(7, 3)), wrt=("a", "n", "h"),
    of="vjp",
    wrong=lambda a, n, h, g: gru_gate_backward(a, n, h, g, -1),
    right=gru_gate_backward,
)


def cross_entropy(W, X, Y):
    return -np.sum(Y * np.log(softmax(X @ W)))


PAIRS.add(
    "softmax regression, rows of Y taken to sum to 1", "assumption", cross_entropy,
    inputs=(W33, X43, positive(8, 4, 3)),
    wrong=lambda W, X, Y: X.T @ (softmax(X @ W) - Y),
    right=lambda W, X, Y: X.T @ (softmax(X @ W) * Y.sum(axis=1, keepdims=True) - Y),
)
PAIRS.add(
    "expected score, transitions taken to sum to 1", "assumption", lambda c, p: c * np.sum(p) + c**2,
    inputs=(0.5, positive(9, 4)),
    wrong=lambda c, p: 1 + 2 * c,
    right=lambda c, p: np.sum(p) + 2 * c,
)
PAIRS.add(
    "volatility of a portfolio", "symmetry", lambda w, C: np.sqrt(w @ C @ w),
    inputs=(positive(10, 3), positive(11, 3, 3)),
    wrong=lambda w, C: C @ w / np.sqrt(w @ C @ w),
    right=lambda w, C: (C + C.T) @ w / (2 * np.sqrt(w @ C @ w)),
)


def dirichlet_energy(f, A):
    return 0.5 * np.sum(A * (f[:, None] - f[None, :]) ** 2)


PAIRS.add(
    "graph Laplacian of a directed graph", "symmetry", dirichlet_energy, inputs=(x3, positive(12, 3, 3)),
    wrong=lambda f, A: 2 * (np.diag(A.sum(axis=1)) - A) @ f,
    right=lambda f, A: (np.diag(A.sum(axis=1) + A.sum(axis=0)) - A - A.T) @ f,
)


def robust_fit(w, X, y):
    return np.sum(np.sqrt(1 + (X @ w - y) ** 2) - 1)


PAIRS.add(
    "pseudo-Huber regression with the slope of Huber", "convention", robust_fit, inputs=(x3, X43, eighths(13, 4)),
    wrong=lambda w, X, y: X.T @ np.clip(X @ w - y, -1, 1),
    right=lambda w, X, y: X.T @ ((X @ w - y) / np.sqrt(1 + (X @ w - y) ** 2)),
)
PAIRS.add(
    "sine layer with the slope left a sine", "wrong_function", lambda W, X: np.sin(3 * X @ W), inputs=(W33, X43),
    of="vjp",
    wrong=lambda W, X, g: 3 * X.T @ (g * np.sin(3 * X @ W)),
    right=lambda W, X, g: 3 * X.T @ (g * np.cos(3 * X @ W)),
)
PAIRS.add(
    "gain of all units, as an array of one", "shape", lambda gain, X: np.sum(np.tanh(gain * X)), inputs=(0.5, X43),
    wrong=lambda gain, X: np.array([np.sum((1 - np.tanh(gain * X) ** 2) * X)]),
    right=lambda gain, X: np.sum((1 - np.tanh(gain * X) ** 2) * X),
)
PAIRS.add(
    "hvp as a column", "shape", lambda w, X: 0.5 * np.sum((X @ w) ** 4), inputs=(x3 / 2, X43), of="hvp",
    wrong=lambda w, X, v: (X.T @ (6 * (X @ w) ** 2 * (X @ v))).reshape(-1, 1),
    right=lambda w, X, v: X.T @ (6 * (X @ w) ** 2 * (X @ v)),
)


def loss_then_layer(W, x, g):
    out = np.tanh(W @ x)
    d_out = 2 * out * g
    return np.outer(d_out * (1 - out**2) * g, x)


PAIRS.add(
    "loss and layer both times the cotangent", "upstream", lambda W, x: np.sum(np.tanh(W @ x) ** 2),
    inputs=(W33, x3), of="vjp",
    wrong=loss_then_layer,
    right=lambda W, x, g: g * np.outer(2 * np.tanh(W @ x) * (1 - np.tanh(W @ x) ** 2), x),
)
PAIRS.add(
    "negative entropy, its gradient on the diagonal", "second_order", lambda p: np.sum(p * np.log(p)),
    inputs=(positive(14, 3),), of="hessian", special="second order",
    wrong=lambda p: np.diag(np.log(p) + 1),
    right=lambda p: np.diag(1 / p),
)
PAIRS.add(
    "given centre, treated as the mean", "extra_term", lambda x, m: np.sum((x - m) ** 2), inputs=(X43, x3),
    wrong=lambda x, m: 2 * (x - m) - 2 * np.mean(x - m, axis=0),
    right=lambda x, m: 2 * (x - m),
)
PAIRS.add(
    "selection, branches exchanged", "swapped", lambda a, b, m: np.where(m > 0, np.exp(a), b**2),
    inputs=(x3, y3, eighths(15, 3)), wrt=("a", "b"), of="vjp",
    wrong=lambda a, b, m, g: (np.where(m > 0, 0, g * np.exp(a)), np.where(m > 0, 2 * g * b, 0)),
    right=lambda a, b, m, g: (np.where(m > 0, g * np.exp(a), 0), np.where(m > 0, 0, 2 * g * b)),
)
PAIRS.add(
    "next-token error, targets not shifted", "index", lambda p, t: np.sum((p[:-1] - t[1:]) ** 2),
    inputs=(x5, eighths(16, 5)),
    wrong=lambda p, t: np.append(2 * (p[:-1] - t[:-1]), 0.0),
    right=lambda p, t: np.append(2 * (p[:-1] - t[1:]), 0.0),
)
PAIRS.add(
    "PReLU slope of each entry", "missing_reduction", lambda a, z: np.where(z > 0, z, a * z),
    inputs=(0.25, X43), of="vjp",
    wrong=lambda a, z, g: g * np.where(z > 0, 0, z),
    right=lambda a, z, g: np.sum(g * np.where(z > 0, 0, z)),
)
PAIRS.add(
    "hard tanh layer, gate of a ReLU1", "threshold", lambda W, x: np.sum(np.clip(W @ x, -1, 1)),
    inputs=(W33, np.array([0.5, -0.25, 0.375])),
    wrong=lambda W, x: np.outer((W @ x > 0) & (W @ x < 1), x),
    right=lambda W, x: np.outer(np.abs(W @ x) < 1, x),
)


def group_lasso(W):
    return np.sum(np.sqrt(np.sum(W**2, axis=1)))


def unit_rows(W, at_zero):
    norms = np.sqrt(np.sum(W**2, axis=1, keepdims=True))
    return np.where(norms > 0, W / np.where(norms > 0, norms, 1), at_zero)


PAIRS.add(
    "group lasso, ones for a zero row", "edge", group_lasso, special="point",
    inputs=(np.array([[0.0, 0.0], [1.5, 2.0], [-1.0, 0.5]]),),
    wrong=lambda W: unit_rows(W, 1.0),
    right=lambda W: unit_rows(W, 0.0),
)
