"""Layers without state: linear maps and their biases, convolutions, pooling, embeddings, dropout, residuals."""

from __future__ import annotations

import numpy as np

from corpus import Pairs
from corpus.arrays import eighths, positive

PAIRS = Pairs()
# fmt: off

X43, W32, W33, b2, b3 = eighths(1, 4, 3), eighths(2, 3, 2), eighths(3, 3, 3), eighths(4, 2), eighths(5, 3)
X33, T42 = eighths(6, 3, 3), eighths(7, 4, 2)


def linear(X, W, b):
    return X @ W + b


def linear_backward(X, W, b, g):
    return {"X": g @ W.T, "W": X.T @ g, "b": g.sum(axis=0)}


def bias_kept_as_a_row(X, W, b, g):
    grads = linear_backward(X, W, b, g)
    grads["b"] = np.sum(g, axis=0, keepdims=True)
    return grads


def bias_per_sample(X, W, b, g):
    return g @ W.T, X.T @ g, g


def bias_over_features(X, W, b, g):
    return g @ W.T, X.T @ g, np.sum(g, axis=1)


def weights_transposed(X, W, b, g):
    return {"X": g @ W.T, "W": g.T @ X, "b": g.sum(axis=0)}


def input_untransposed(X, W, b, g):
    return {"X": g @ W, "W": X.T @ g, "b": g.sum(axis=0)}


def bias_of_ones(X, W, b, g):
    return {"X": g @ W.T, "W": X.T @ g, "b": np.ones_like(b) * len(X)}


for name, kind, wrong, inputs in (
    ("linear, bias as a row", "shape", bias_kept_as_a_row, (X43, W32, b2)),
    ("linear, bias of each sample", "missing_reduction", bias_per_sample, (X43, W32, b2)),
    ("linear, bias summed over features, square", "wrong_axis", bias_over_features, (X33, W33, b3)),
    ("linear, weights transposed", "transpose", weights_transposed, (X43, W32, b2)),
    ("linear, W for W' where it is square", "transpose", input_untransposed, (X43, W33, b3)),
    ("linear, bias of a plain sum", "upstream", bias_of_ones, (X43, W32, b2)),
):
    PAIRS.add(
        name, kind, linear, inputs=inputs, wrt=("X", "W", "b"), of="vjp", wrong=wrong, right=linear_backward
    )


def column_model(w, X, y):
    return np.mean((X @ w - y) ** 2)


PAIRS.add(
    "column of weights, flattened", "shape", column_model, inputs=(eighths(8, 3, 1), X43, eighths(9, 4, 1)),
    wrong=lambda w, X, y: (2 / len(y) * X.T @ (X @ w - y)).ravel(),
    right=lambda w, X, y: 2 / len(y) * X.T @ (X @ w - y),
)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_blocks(z):
    p = softmax(z)
    return np.einsum("ni,ij->nij", p, np.eye(p.shape[1])) - np.einsum("ni,nj->nij", p, p)


PAIRS.add(
    "softmax of rows, blocks for the whole Jacobian", "shape", softmax, inputs=(eighths(10, 3, 2) / 2,),
    of="jacobian",
    wrong=softmax_blocks,
    right=lambda z: np.einsum("nij,nm->nimj", softmax_blocks(z), np.eye(len(z))),
)


def scaled(X, s):
    return s * np.tanh(X)


def column_scaled(X, s):
    return np.sum((X * s) ** 3)


PAIRS.add(
    "one scale for all, gradient of each entry", "missing_reduction", scaled, inputs=(X43 / 2, 1.5), wrt="s",
    of="vjp",
    wrong=lambda X, s, g: g * np.tanh(X),
    right=lambda X, s, g: np.sum(g * np.tanh(X)),
)
PAIRS.add(
    "scales of columns as (1, d), rows not summed", "missing_reduction", column_scaled, wrt="s",
    inputs=(X43, eighths(11, 1, 3)),
    wrong=lambda X, s: 3 * (X * s) ** 2 * X,
    right=lambda X, s: np.sum(3 * (X * s) ** 2 * X, axis=0, keepdims=True),
)


def conv1d(x, k, m=4):
    return sum(k[j] * x[j : j + m] for j in range(3))


def spread(k, g, flipped):
    taps = k[::-1] if flipped else k
    out = np.zeros(6)
    for j in range(3):
        out = out + np.concatenate([np.zeros(j), taps[j] * g, np.zeros(2 - j)])
    return out


x6, k3 = eighths(12, 6), eighths(13, 3)
PAIRS.add(
    "conv1d by x, kernel the wrong way round", "index", conv1d, inputs=(x6, k3), of="vjp",
    wrong=lambda x, k, g: spread(k, g, True),
    right=lambda x, k, g: spread(k, g, False),
)


def kernel_gradient(x, k, g, start):
    return np.stack([np.sum(g * x[start + j : start + j + 4]) for j in range(3)])


PAIRS.add(
    "conv1d by the kernel, windows one late", "index", lambda x, k: conv1d(x[:6], k), wrt="k", of="vjp",
    inputs=(eighths(14, 7), k3),
    wrong=lambda x, k, g: kernel_gradient(x, k, g, 1),
    right=lambda x, k, g: kernel_gradient(x, k, g, 0),
)
PAIRS.add(
    "conv1d by x, last window only", "missing_path", conv1d, inputs=(x6, k3), of="vjp",
    wrong=lambda x, k, g: np.concatenate([k[0] * g, np.zeros(2)]) + np.concatenate([np.zeros(2), k[2] * g]),
    right=lambda x, k, g: spread(k, g, False),
)


def mean_pool(x):
    return np.mean(x.reshape(-1, 2), axis=1)


PAIRS.add(
    "mean pooling without 1/2", "factor", mean_pool, inputs=(x6,), of="vjp",
    wrong=lambda x, g: np.repeat(g, 2),
    right=lambda x, g: np.repeat(g, 2) / 2,
)
PAIRS.add(
    "mean pooling, tiled for repeated", "transpose", mean_pool, inputs=(x6,), of="vjp",
    wrong=lambda x, g: np.tile(g, 2) / 2,
    right=lambda x, g: np.repeat(g / 2, 2),
)


def max_pool(x):
    return np.max(x.reshape(-1, 3), axis=1)


def winners(x):
    windows = x.reshape(-1, 3)
    return windows == windows.max(axis=1, keepdims=True)


def shared_among_ties(x, g):
    mask = winners(x)
    return (mask / mask.sum(axis=1, keepdims=True) * g[:, None]).reshape(x.shape)


PAIRS.add(
    "max pooling, ties all paid in full", "edge", max_pool, of="vjp", special="point",
    inputs=(np.array([1.0, 1.0, -0.5, 2.0, 0.25, -1.0]),),
    wrong=lambda x, g: (winners(x) * g[:, None]).reshape(-1),
    right=shared_among_ties,
)
PAIRS.add(
    "max norm, ties all paid in full", "edge", lambda x: np.max(np.abs(x)), special="point",
    inputs=(np.array([1.5, -1.5, 0.5]),),
    wrong=lambda x: np.sign(x) * (np.abs(x) == np.max(np.abs(x))),
    right=lambda x: np.sign(x) * (np.abs(x) == np.max(np.abs(x))) / np.sum(np.abs(x) == np.max(np.abs(x))),
)


def leaky(X, W):
    z = X @ W
    return np.sum(np.where(z > 0, z, 0.1 * z))


PAIRS.add(
    "linear + leaky ReLU, slope 0 at 0", "edge", leaky, wrt="W", special="point",
    inputs=(np.array([[1.0, -1.0], [2.0, 0.5]]), np.array([[0.5, 1.0], [0.5, -2.0]])),
    wrong=lambda X, W: X.T @ ((X @ W > 0) * 1.0 + 0.1 * (X @ W < 0)),
    right=lambda X, W: X.T @ np.where(X @ W > 0, 1.0, 0.1),
)

TOKENS = np.array([2, 0, 2, 1])
E43, P43 = eighths(15, 4, 3), eighths(16, 4, 3)


def embed(E, P):
    return np.tanh(E[TOKENS] + P)


def embed_backward(E, P, g, tokens=TOKENS):
    dz = g * (1 - np.tanh(E[TOKENS] + P) ** 2)
    dE = np.zeros(E.shape)
    for row, token in enumerate(tokens):
        dE = dE + np.eye(len(E))[token][:, None] * dz[row]
    return dE, dz


PAIRS.add(
    "embedding, rows counted from 1", "index", embed, inputs=(E43 / 2, P43 / 2), wrt=("E", "P"), of="vjp",
    wrong=lambda E, P, g: embed_backward(E, P, g, TOKENS + 1),
    right=embed_backward,
)


def mask_backward(x, keep, g):
    return g * keep / 0.75


KEEP = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
DROPPED = np.where(KEEP[:, ::-1] > 0, X43, 0.0)
PAIRS.add(
    "dropout, the scale of the kept forgotten", "factor", lambda x, keep: x * keep / 0.75,
    inputs=(X43, KEEP), of="vjp",
    wrong=lambda x, keep, g: g * keep,
    right=mask_backward,
)
PAIRS.add(
    "dropout, mask read off y / x", "nan", lambda x, keep: x * keep / 0.75, inputs=(DROPPED, KEEP), of="vjp",
    special="point",
    wrong=lambda x, keep, g: g * ((x * keep / 0.75) / x),
    right=mask_backward,
)


def residual_block(x, W):
    return x + np.tanh(x @ W)


def residual_backward(x, W, g):
    dz = g * (1 - np.tanh(x @ W) ** 2)
    return g + dz @ W.T, x.T @ dz


def skip_forgotten(x, W, g):
    h = residual_block(x, W) - x
    dz = g * (1 - h * h)
    return dz @ W.T, x.T @ dz


def output_for_branch(x, W, g):
    y = residual_block(x, W)
    dz = g * (1 - y**2)
    return g + dz @ W.T, x.T @ dz


BLOCK = (X43 / 2, W33 / 2)
PAIRS.add(
    "residual block, skip forgotten", "missing_path", residual_block, inputs=BLOCK, wrt=("x", "W"), of="vjp",
    wrong=skip_forgotten, right=residual_backward,
)
PAIRS.add(
    "residual block, output cached for the branch", "stale", residual_block, inputs=BLOCK, wrt=("x", "W"),
    of="vjp", wrong=output_for_branch, right=residual_backward,
)


def plain_backward(x, W, g):
    dz = g * (1 - np.tanh(x @ W) ** 2)
    return dz @ W.T, x.T @ dz


PAIRS.add(
    "plain layer, with the skip of another", "extra_term", lambda x, W: np.tanh(x @ W), inputs=BLOCK,
    wrt=("x", "W"), of="vjp", wrong=residual_backward, right=plain_backward,
)


def kept_rows(x, m):
    return np.sum(np.where(m[:, None] > 0, x, 0.0) ** 2) / x.size


PAIRS.add(
    "squares of kept rows, padding not masked", "threshold", kept_rows,
    inputs=(X43, np.array([0.5, -1.0, 2.0, -0.25])),
    wrong=lambda x, m: 2 * x / x.size,
    right=lambda x, m: np.where(m > 0, 2 / x.size, 0.0)[:, None] * x,
)


def gated(x, a, b):
    return np.sum((x * a) * np.exp(x @ b))


PAIRS.add(
    "product of two uses of x, the second held", "missing_path", gated, inputs=(b3, positive(17, 3), b3 / 4),
    wrong=lambda x, a, b: a * np.exp(x @ b),
    right=lambda x, a, b: (a + (x @ a) * b) * np.exp(x @ b),
)
