"""Wrong derivatives that are right for another loss or another activation."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
V = np.array([0.75, 1.5, -0.25, 1.0])
X = np.array([1.0, -0.75, 0.5])
Y = np.array([0.25, 1.5, -2.0])
P = np.array([0.2, 0.3, 0.5])
SIGNS = np.array([1.0, -1.0, 1.0, -1.0])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


PAIRS.add(
    "hinge for the logistic loss",
    "wrong_function",
    lambda s, y: np.sum(np.log(1 + np.exp(-y * s))),
    wrong=lambda s, y: np.where(y * s < 1, -y, 0.0),
    right=lambda s, y: -y / (1 + np.exp(y * s)),
    inputs={"s": V, "y": SIGNS},
    wrt="s",
)
PAIRS.add(
    "cross-entropy for the squared error",
    "wrong_function",
    lambda p, y: np.sum((p - y) ** 2),
    wrong=lambda p, y: -y / p,
    right=lambda p, y: 2 * (p - y),
    inputs={"p": P, "y": np.array([0.5, 0.25, 0.25])},
    wrt="p",
    domain={"p": (0.01, 1)},
)
PAIRS.add(
    "absolute for the squared error",
    "wrong_function",
    lambda p, y: np.mean((p - y) ** 2),
    wrong=lambda p, y: np.sign(p - y) / p.size,
    right=lambda p, y: 2 * (p - y) / p.size,
    inputs={"p": X, "y": Y},
    wrt="p",
)
PAIRS.add(
    "GELU with the slope of SiLU",
    "wrong_function",
    lambda z: np.sum(0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))),
    wrong=lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z))),
    right=lambda z: (
        lambda t: 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z * z)
    )(np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    inputs=(V,),
)
