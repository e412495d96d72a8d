"""Claims that can only be called: loops over Python floats, as ported from C and from notebooks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erf

from corpus import Pairs

PAIRS = Pairs()
X = np.array([0.5, -1.25, 2.0])
Y = np.array([1.0, 0.25, -0.75])
M = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])


def floats(x: Any) -> list[float]:
    return [float(v) for v in x]


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


# One entry at a time ----------------------------------------------------------------------------------------


def relu6_loop(x: Any, g: Any, upper: bool) -> Any:
    out = np.zeros(3)
    for i, v in enumerate(floats(x)):
        if v > 0 and (v < 6 or not upper):
            out[i] = g[i]
    return out


PAIRS.add(
    "loop: ReLU6 that forgets its six",
    "threshold",
    lambda x: np.clip(x, 0, 6),
    wrong=lambda x, g: relu6_loop(x, g, upper=False),
    right=lambda x, g: relu6_loop(x, g, upper=True),
    inputs=(np.array([0.5, 7.0, -2.0]),),
    of="vjp",
)
PAIRS.add(
    "loop: sigmoid of the sigmoid",
    "stale",
    lambda x: np.sum(1 / (1 + np.exp(-x))),
    wrong=lambda x: np.array([sigmoid(sigmoid(v)) * (1 - sigmoid(sigmoid(v))) for v in floats(x)]),
    right=lambda x: np.array([sigmoid(v) * (1 - sigmoid(v)) for v in floats(x)]),
    inputs=(X,),
)


def gelu(x: Any) -> Any:
    return np.sum(0.5 * x * (1 + erf(x / np.sqrt(2))))


def gelu_of_llm_c(x: Any) -> Any:
    out = []
    for v in floats(x):
        t = math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3))
        inner = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * v * v)
        out.append(0.5 * (1 + t) + 0.5 * v * (1 - t * t) * inner)
    return np.array(out)


def gelu_by_erfc(x: Any) -> Any:
    out = []
    for v in floats(x):
        out.append(0.5 * math.erfc(-v / math.sqrt(2)) + v * math.exp(-v * v / 2) / math.sqrt(2 * math.pi))
    return np.array(out)


PAIRS.add(
    "loop: GELU by erf, judged with the tanh form",
    "convention",
    gelu,
    wrong=gelu_of_llm_c,
    right=gelu_by_erfc,
    inputs=(X,),
)
PAIRS.add(
    "loop: Gaussian bump, slope of the exponent left out",
    "chain",
    lambda x: np.sum(np.exp(-(x**2) / 2)),
    wrong=lambda x: np.array([math.exp(-v * v / 2) for v in floats(x)]),
    right=lambda x: np.array([-v * math.exp(-v * v / 2) for v in floats(x)]),
    inputs=(X,),
)
PAIRS.add(
    "loop: cube with the exponent of the square",
    "factor",
    lambda x: np.sum(x**3),
    wrong=lambda x: np.array([2 * v * v for v in floats(x)]),
    right=lambda x: np.array([3 * v * v for v in floats(x)]),
    inputs=(X,),
)
PAIRS.add(
    "loop: cosine without its minus",
    "sign",
    np.cos,
    wrong=lambda x, g: np.array([math.sin(v) * c for v, c in zip(floats(x), g, strict=True)]),
    right=lambda x, g: np.array([-math.sin(v) * c for v, c in zip(floats(x), g, strict=True)]),
    inputs=(X,),
    of="vjp",
)
PAIRS.add(
    "loop: product rule with one factor held",
    "missing_path",
    lambda x: np.sum(x * np.sin(x)),
    wrong=lambda x: np.array([math.sin(v) for v in floats(x)]),
    right=lambda x: np.array([math.sin(v) + v * math.cos(v) for v in floats(x)]),
    inputs=(X,),
)
PAIRS.add(
    "loop: quadratic with the derivative of its constant",
    "extra_term",
    lambda x: np.sum(x**2 / 2 + 3),
    wrong=lambda x: np.array([v + 3 for v in floats(x)]),
    right=lambda x: np.array(floats(x)),
    inputs=(X,),
)


# Sums over entries ------------------------------------------------------------------------------------------


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def softmax_entries(z: Any) -> list[float]:
    v = floats(z)
    e = [math.exp(t - max(v)) for t in v]
    return [t / sum(e) for t in e]


def softmax_loop(z: Any, g: Any) -> Any:
    y = softmax_entries(z)
    n = len(y)
    return np.array([sum(g[j] * y[j] * ((i == j) - y[i]) for j in range(n)) for i in range(n)])


PAIRS.add(
    "loop: softmax that ignores the cotangent",
    "upstream",
    lambda z: np.log(np.sum(np.exp(z))),
    wrong=lambda z, g: np.array(softmax_entries(z)),
    right=lambda z, g: g * np.array(softmax_entries(z)),
    inputs=(X,),
    of="vjp",
)
PAIRS.add(
    "loop: softmax with the off-diagonal left out",
    "missing_reduction",
    softmax,
    wrong=lambda z, g: np.array([g[i] * y * (1 - y) for i, y in enumerate(softmax_entries(z))]),
    right=softmax_loop,
    inputs=(X,),
    of="vjp",
)
PAIRS.add(
    "loop: cross-entropy of labels that do not sum to one",
    "assumption",
    lambda z, y: -np.sum(y * (z - np.log(np.sum(np.exp(z))))),
    wrong=lambda z, y: np.array(softmax_entries(z)) - y,
    right=lambda z, y: np.array(softmax_entries(z)) * sum(floats(y)) - y,
    inputs={"z": X, "y": np.array([0.5, 0.25, 1.0])},
    wrt="z",
)


def differences(x: Any) -> Any:
    return x[1:] - x[:-1]


def differences_loop(g: Any, shift: int) -> Any:
    out = np.zeros(4)
    for i in range(3):
        out[(i + 1 + shift) % 4] += float(g[i])
        out[i] -= float(g[i])
    return out


PAIRS.add(
    "loop: differences scattered one place too far",
    "index",
    differences,
    wrong=lambda x, g: differences_loop(g, 1),
    right=lambda x, g: differences_loop(g, 0),
    inputs=(np.array([0.5, -1.0, 2.0, 1.5]),),
    of="vjp",
)


def scaled_rows(x: Any, w: Any) -> Any:
    return np.sum(np.exp(x * w))


def scaled_rows_loop(x: Any, w: Any, along: int) -> Any:
    out = np.zeros(2)
    for i in range(2):
        for j in range(2):
            k = (i, j)[along]
            out[k] += float(x[i, j]) * math.exp(float(x[i, j]) * float(w[j]))
    return out


PAIRS.add(
    "loop: weights of columns collected by row",
    "wrong_axis",
    scaled_rows,
    wrong=lambda x, w: scaled_rows_loop(x, w, 0),
    right=lambda x, w: scaled_rows_loop(x, w, 1),
    inputs={"x": M[:, :2], "w": np.array([0.25, -0.5])},
    wrt="w",
    special="shape",
)


def dropped_loop(x: Any, mask: Any, g: Any) -> Any:
    out = []
    for v, m, c in zip(floats(x), floats(mask), floats(g), strict=True):
        out.append(c if v == 0 else v * m / v * c)
    return np.array(out)


PAIRS.add(
    "loop: dropout's mask recovered as output over input",
    "edge",
    lambda x, mask: x * mask,
    wrong=dropped_loop,
    right=lambda x, mask, g: np.array([float(m) * float(c) for m, c in zip(mask, g, strict=True)]),
    inputs={"x": np.array([0.5, 0.0, -1.25]), "mask": np.array([1.0, 0.0, 1.0])},
    wrt="x",
    of="vjp",
    special="point",
)


def distance(a: Any, b: Any) -> Any:
    return np.sum(np.exp(a) * b)


PAIRS.add(
    "loop: two gradients in the other order",
    "swapped",
    distance,
    wrong=lambda a, b: (np.array([math.exp(v) for v in floats(a)]), np.exp(floats(a)) * np.array(floats(b))),
    right=lambda a, b: (np.exp(floats(a)) * np.array(floats(b)), np.array([math.exp(v) for v in floats(a)])),
    inputs={"a": X, "b": Y},
    wrt=("a", "b"),
)


def jacobian_loop(x: Any, by_row: bool) -> Any:
    v = floats(x)
    rows = [[v[1], v[0], 0.0], [0.0, math.cos(v[1]), 0.0], [2 * v[0], 0.0, 1.0]]
    return np.array(rows if by_row else [list(row) for row in zip(*rows, strict=True)])


PAIRS.add(
    "loop: square Jacobian filled by columns",
    "transpose",
    lambda x: np.stack([x[0] * x[1], np.sin(x[1]), x[0] ** 2 + x[2]]),
    wrong=lambda x: jacobian_loop(x, by_row=False),
    right=lambda x: jacobian_loop(x, by_row=True),
    inputs=(X,),
    of="jacobian",
)


def hessian_loop(x: Any, off: bool) -> Any:
    v = floats(x)
    s = math.cos(sum(v))
    return np.array([[-s if off or i == j else 0.0 for j in range(3)] for i in range(3)])


PAIRS.add(
    "loop: Hessian of cos of a sum, its diagonal only",
    "missing_path",
    lambda x: np.cos(np.sum(x)),
    wrong=lambda x: hessian_loop(x, off=False),
    right=lambda x: hessian_loop(x, off=True),
    inputs=(X,),
    of="hessian",
    special="second order",
)
