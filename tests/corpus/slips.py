"""Wrong derivatives as they slip in when a right formula is written out: entries, halves, settings, assumptions."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
U = np.array([0.5, -1.25, 2.0, 0.75, -0.5])
V = np.array([0.75, 1.5, -0.25, 1.0])
W = np.array([-0.5, 0.25, 1.25, -1.0])
X = np.array([1.0, -0.75, 0.5])
Y = np.array([0.25, 1.5, -2.0])
P = np.array([0.2, 0.3, 0.5])
SIGNS = np.array([1.0, -1.0, 1.0, -1.0])
M = np.array([[0.5, -1.0, 2.0, 0.25], [1.5, 0.25, -0.75, 1.0], [-0.5, 1.25, 0.5, -1.5]])
S = np.array([[1.0, 0.5, -2.0], [0.25, -1.5, 0.75], [2.0, 1.25, 0.5]])
N = np.array([[0.5, -1.0], [1.25, 0.75], [-0.5, 2.0], [1.0, 0.25]])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def listed(claim: Any) -> Any:
    """The claim in numbers that nobody can trace."""
    return lambda *arrays: claim(*[np.array(np.asarray(x).tolist()) for x in arrays])


# Other entries ----------------------------------------------------------------------------------------------


PAIRS.add(
    "second differences with one neighbour counted as the entry itself",
    "index",
    lambda u: 0.5 * np.sum((u[1:] - u[:-1]) ** 2),
    wrong=lambda u: np.concatenate([u[:1] - u[1:2], 2 * u[1:-1] - u[2:] - u[1:-1], u[-1:] - u[-2:-1]]),
    right=lambda u: np.concatenate([u[:1] - u[1:2], 2 * u[1:-1] - u[2:] - u[:-2], u[-1:] - u[-2:-1]]),
    inputs=(U,),
)
PAIRS.add(
    "entries written out, one of them with the neighbour's value",
    "index",
    lambda x: x[:-2] * x[1:-1] + x[2:],
    wrong=lambda x, g: np.array(
        [g[0] * x[1], g[0] * x[0] + g[1] * x[2], g[0] + g[1] * x[2] + g[2] * x[3], g[1] + g[2] * x[2], g[2]]
    ),
    right=lambda x, g: np.array(
        [g[0] * x[1], g[0] * x[0] + g[1] * x[2], g[0] + g[1] * x[1] + g[2] * x[3], g[1] + g[2] * x[2], g[2]]
    ),
    inputs=(U,),
    of="vjp",
)
PAIRS.add(
    "shift and its adjoint in one direction",
    "index",
    lambda x: np.sum(x * np.roll(x, 1) ** 2),
    wrong=lambda x: np.roll(x, 1) ** 2 + 2 * x * np.roll(x, 1),
    right=lambda x: np.roll(x, 1) ** 2 + 2 * x * np.roll(x, -1),
    inputs=(U,),
)
PAIRS.add(
    "row of a table beside the one that was looked up",
    "index",
    lambda E: np.tanh(E[1]) + E[3],
    wrong=lambda E, g: np.stack([g * 0, g * 0, g * (1 - np.tanh(E[2]) ** 2), g]),
    right=lambda E, g: np.stack([g * 0, g * (1 - np.tanh(E[1]) ** 2), g * 0, g]),
    inputs=(N,),
    of="vjp",
)

# Exchanged --------------------------------------------------------------------------------------------------


PAIRS.add(
    "concatenation whose cotangent is split the wrong way round",
    "swapped",
    lambda u, v: np.concatenate([u**2, np.cos(v)]),
    wrong=lambda u, v, g: (2 * u * g[3:], -np.sin(v) * g[:3]),
    right=lambda u, v, g: (2 * u * g[:3], -np.sin(v) * g[3:]),
    inputs={"u": X, "v": Y},
    wrt=("u", "v"),
    of="vjp",
)
PAIRS.add(
    "gated half and gate of a linear unit",
    "swapped",
    lambda x: x[:2] * sigmoid(x[2:]),
    wrong=lambda x, g: np.concatenate(
        [g * x[:2] * sigmoid(x[2:]) * (1 - sigmoid(x[2:])), g * sigmoid(x[2:])]
    ),
    right=lambda x, g: np.concatenate(
        [g * sigmoid(x[2:]), g * x[:2] * sigmoid(x[2:]) * (1 - sigmoid(x[2:]))]
    ),
    inputs=(V,),
    of="vjp",
)
PAIRS.add(
    "gates of a cell, each with what the other one gates",
    "swapped",
    lambda a, b, c: np.sum(np.sin(sigmoid(a) * c + sigmoid(b) * np.tanh(c))),
    wrong=lambda a, b, c: tuple(
        np.cos(sigmoid(a) * c + sigmoid(b) * np.tanh(c)) * d
        for d in (
            sigmoid(a) * (1 - sigmoid(a)) * np.tanh(c),
            sigmoid(b) * (1 - sigmoid(b)) * c,
        )
    ),
    right=lambda a, b, c: tuple(
        np.cos(sigmoid(a) * c + sigmoid(b) * np.tanh(c)) * d
        for d in (
            sigmoid(a) * (1 - sigmoid(a)) * c,
            sigmoid(b) * (1 - sigmoid(b)) * np.tanh(c),
        )
    ),
    inputs={"a": X, "b": Y, "c": np.array([0.5, 1.25, -1.5])},
    wrt=("a", "b"),
)
PAIRS.add(
    "interpolation with its weights exchanged",
    "swapped",
    lambda z, u, v: np.sum(sigmoid(z) * u**3 + (1 - sigmoid(z)) * v**3),
    wrong=lambda z, u, v: (3 * (1 - sigmoid(z)) * u**2, 3 * sigmoid(z) * v**2),
    right=lambda z, u, v: (3 * sigmoid(z) * u**2, 3 * (1 - sigmoid(z)) * v**2),
    inputs={"z": X, "u": Y, "v": X},
    wrt=("u", "v"),
)

# Cotangents and directions ----------------------------------------------------------------------------------


PAIRS.add(
    "bias of a linear layer by counting rows",
    "upstream",
    lambda x, W, b: x @ W + b,
    wrong=lambda x, W, b, g: np.full(2, float(len(x))),
    right=lambda x, W, b, g: g.sum(axis=0),
    inputs={"x": M, "W": N, "b": np.array([0.5, -1.0])},
    wrt="b",
    of="vjp",
)
PAIRS.add(
    "linear map in the place of its forward derivative",
    "upstream",
    lambda x, A: A @ x,
    wrong=lambda x, A, v: A @ x,
    right=lambda x, A, v: A @ v,
    inputs={"x": X, "A": S},
    wrt="x",
    of="jvp",
)
PAIRS.add(
    "Hessian of a sum of squares of squares without its direction",
    "upstream",
    lambda x: np.sum(x**4),
    wrong=lambda x, v: 12 * x**2,
    right=lambda x, v: 12 * x**2 * v,
    inputs=(V,),
    of="hvp",
)

# Settings ---------------------------------------------------------------------------------------------------


PAIRS.add(
    "slope of an averaged softplus by its width",
    "factor",
    lambda x, width: np.sum(width * np.log(1 + np.exp(x / width))),
    wrong=lambda x, width: sigmoid(x / width) / width,
    right=lambda x, width: sigmoid(x / width),
    inputs={"x": V, "width": 2.0},
    wrt="x",
    domain={"width": (0.25, 8)},
)

# Assumptions ------------------------------------------------------------------------------------------------


PAIRS.add(
    "weighted mean by its weights, taken for normalised",
    "assumption",
    lambda q, x: np.sum(q * x) / np.sum(q),
    wrong=lambda q, x: x - np.sum(q * x),
    right=lambda q, x: x / np.sum(q) - np.sum(q * x) / np.sum(q) ** 2,
    inputs={"q": P, "x": X},
    wrt="q",
    domain={"q": (0.01, 1)},
)
PAIRS.add(
    "log-softmax for cotangents that sum to one",
    "assumption",
    lambda z: z - np.log(np.sum(np.exp(z))),
    wrong=lambda z, g: g - softmax(z),
    right=lambda z, g: g - softmax(z) * np.sum(g),
    inputs=(V,),
    of="vjp",
)
PAIRS.add(
    "squared margin, labels taken for signs",
    "assumption",
    lambda w, y: np.sum((y * w - 1) ** 2),
    wrong=lambda w, y: 2 * (w - y),
    right=lambda w, y: 2 * y * (y * w - 1),
    inputs={"w": V, "y": SIGNS},
    wrt="w",
)
PAIRS.add(
    "fifth power of absolute values, of positive numbers",
    "assumption",
    lambda x: np.sum(np.abs(x) ** 5),
    wrong=lambda x: 5 * x**4,
    right=lambda x: 5 * x**3 * np.abs(x),
    inputs=(np.array([0.5, 2.0]),),
)

# Axes -------------------------------------------------------------------------------------------------------


PAIRS.add(
    "log-sum-exp of the rows by probabilities of the columns",
    "wrong_axis",
    lambda z: np.sum(np.log(np.sum(np.exp(z), axis=1))),
    wrong=listed(lambda z: np.exp(z) / np.exp(z).sum(axis=0)),
    right=listed(lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)),
    inputs=(S,),
)
PAIRS.add(
    "row sums, weights laid along the columns",
    "wrong_axis",
    lambda Z, w: np.sum(w * Z.sum(axis=1)),
    wrong=lambda Z, w: np.ones(Z.shape) * w,
    right=lambda Z, w: np.ones(Z.shape) * w[:, None],
    inputs={"Z": S, "w": X},
    wrt="Z",
)

# Steps of the chain -----------------------------------------------------------------------------------------


PAIRS.add(
    "exponentials of a linear map without the map",
    "chain",
    lambda x, W: np.sum(np.exp(x @ W)),
    wrong=lambda x, W: np.exp(x @ W) @ np.ones((2, 4)),
    right=lambda x, W: np.exp(x @ W) @ W.T,
    inputs={"x": M, "W": N},
    wrt="x",
)
PAIRS.add(
    "logarithm around a square, its own slope lost",
    "chain",
    lambda x: np.sum(np.log(1 + x**2)),
    wrong=lambda x: 2 * x,
    right=lambda x: 2 * x / (1 + x**2),
    inputs=(V,),
)
PAIRS.add(
    "slope of a sigmoid from its argument, in numbers",
    "stale",
    lambda z: np.sum(sigmoid(z)),
    wrong=listed(lambda z: z * (1 - z)),
    right=listed(lambda z: sigmoid(z) * (1 - sigmoid(z))),
    inputs=(V,),
)
PAIRS.add(
    "dropout by a mask of zeros and ones, inside only",
    "threshold",
    lambda x, mask: np.sum(np.tanh(x * mask)),
    wrong=lambda x, mask: 1 - np.tanh(x * mask) ** 2,
    right=lambda x, mask: mask * (1 - np.tanh(x * mask) ** 2),
    inputs={"x": V, "mask": np.array([1.0, 0.0, 1.0, 1.0])},
    wrt="x",
    domain={"mask": "boolean"},
)
PAIRS.add(
    "minus the logarithm, counted once more as a term",
    "extra_term",
    lambda p: -np.sum(np.log(p)),
    wrong=lambda p: -1 / p - np.log(p),
    right=lambda p: -1 / p,
    inputs=(P,),
    domain={"p": (0.01, 1)},
)
PAIRS.add(
    "square beside a product, at zero",
    "missing_path",
    lambda x, w: np.sum(x * w + x**2),
    wrong=lambda x, w: 1.0 * w,
    right=lambda x, w: w + 2 * x,
    inputs={"x": np.zeros(3), "w": X},
    wrt="x",
)
