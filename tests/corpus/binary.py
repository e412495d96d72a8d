"""Wrong derivatives of the losses of two classes: cross-entropy, focal, hinge, logistic regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
Z = np.array([0.5, -1.25, 2.0])
Y = np.array([0.5, 0.25, 1.0])
SIGNS = np.array([1.0, -1.0, 1.0])
POINTS = np.array([[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]])
P = np.array([0.25, 0.5, 0.875])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


# Cross-entropy ----------------------------------------------------------------------------------------------


def bce(p: Any, y: Any) -> Any:
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))


PAIRS.add(
    "binary cross-entropy without the negative class",
    "missing_path",
    bce,
    wrong=lambda p, y: -y / p,
    right=lambda p, y: (p - y) / (p * (1 - p)),
    inputs={"p": P, "y": Y},
    wrt="p",
)
PAIRS.add(
    "binary cross-entropy with two minus signs",
    "sign",
    bce,
    wrong=lambda p, y: -(y / p) - (1 - y) / (1 - p),
    right=lambda p, y: -(y / p) + (1 - y) / (1 - p),
    inputs={"p": P, "y": Y},
    wrt="p",
)


def bce_with_logits(z: Any, y: Any) -> Any:
    return np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))


PAIRS.add(
    "binary cross-entropy with logits, mean not divided",
    "factor",
    bce_with_logits,
    wrong=lambda z, y: sigmoid(z) - y,
    right=lambda z, y: (sigmoid(z) - y) / z.size,
    inputs={"z": Z, "y": np.array([1.0, 0.0, 1.0])},
    wrt="z",
)


def signed_margin(z: Any, y: Any) -> Any:
    p = sigmoid(z)
    chosen = y * p + (1 - y) * (1 - p)
    return -(2 * y - 1) * (1 - chosen)


PAIRS.add(
    "binary cross-entropy by the chosen class, for soft labels",
    "assumption",
    lambda z, y: np.sum(np.logaddexp(0, z) - y * z),
    wrong=signed_margin,
    right=lambda z, y: sigmoid(z) - y,
    inputs={"z": Z, "y": Y},
    wrt="z",
)
PAIRS.add(
    "Hessian of binary cross-entropy as the outer product of gradients",
    "second_order",
    lambda z, y: np.sum(np.logaddexp(0, z) - y * z),
    wrong=lambda z, y: np.outer(sigmoid(z) - y, sigmoid(z) - y),
    right=lambda z, y: np.diag(sigmoid(z) * (1 - sigmoid(z))),
    inputs={"z": Z, "y": Y},
    wrt="z",
    of="hessian",
    special="second order",
)


# Focal loss -------------------------------------------------------------------------------------------------


def focal(z: Any) -> Any:
    p = sigmoid(z)
    return np.sum(-((1 - p) ** 2) * np.log(p))


def focal_grad(z: Any) -> Any:
    p = sigmoid(z)
    return 2 * (1 - p) ** 2 * p * np.log(p) - (1 - p) ** 3


PAIRS.add(
    "focal loss with its weight held constant",
    "missing_path",
    focal,
    wrong=lambda z: -((1 - sigmoid(z)) ** 3),
    right=focal_grad,
    inputs=(Z,),
    source="github.com/kuangliu/pytorch-retinanet/issues/12",
)


def softmax(z: Any) -> Any:
    e = np.exp(z)
    return e / np.sum(e)


def softmax_focal(z: Any) -> Any:
    p = softmax(z)[1]
    return -((1 - p) ** 2) * np.log(p)


def softmax_focal_grad(z: Any) -> Any:
    p = softmax(z)
    target = np.array([0.0, 1.0, 0.0])
    inner = 2 * (1 - p[1]) * p[1] * np.log(p[1]) - (1 - p[1]) ** 2
    return inner * (target - p)


def softmax_focal_power_flipped(z: Any) -> Any:
    p = softmax(z)
    target = np.array([0.0, 1.0, 0.0])
    inner = 2 * (1 - p[1]) * p[1] * np.log(p[1]) + (1 - p[1]) ** 2
    return inner * (target - p)


PAIRS.add(
    "softmax focal loss, sign of the power term",
    "sign",
    softmax_focal,
    wrong=softmax_focal_power_flipped,
    right=softmax_focal_grad,
    inputs=(Z,),
    source="github.com/zimenglan-sysu-512/Focal-Loss/issues/2",
)


# Hinge ------------------------------------------------------------------------------------------------------


def hinge(z: Any, y: Any) -> Any:
    return np.sum(np.maximum(0, 1 - y * z))


PAIRS.add(
    "hinge loss with the mask of the perceptron",
    "threshold",
    hinge,
    wrong=lambda z, y: np.where(y * z < 0, -y, 0.0),
    right=lambda z, y: np.where(y * z < 1, -y, 0.0),
    inputs={"z": Z, "y": SIGNS},
    wrt="z",
)
PAIRS.add(
    "hinge loss with the gradient of the squared hinge",
    "convention",
    hinge,
    wrong=lambda z, y: -2 * y * np.maximum(0, 1 - y * z),
    right=lambda z, y: -y * (y * z < 1),
    inputs={"z": Z, "y": SIGNS},
    wrt="z",
)


def many_margins(s: Any) -> Any:
    margins = np.maximum(0, s - s[1] + 1)
    return np.sum(margins) - 1


def many_margins_grad(s: Any) -> Any:
    over = np.where(s - s[1] + 1 > 0, 1.0, 0.0)
    over[1] = 0
    over[1] = -np.sum(over)
    return over


def many_margins_one_sided(s: Any) -> Any:
    over = np.where(s - s[1] + 1 > 0, 1.0, 0.0)
    over[1] = 0
    return over


PAIRS.add(
    "multi-class hinge without the pull on the true class",
    "missing_path",
    many_margins,
    wrong=many_margins_one_sided,
    right=many_margins_grad,
    inputs=(np.array([0.5, 1.25, -2.0, 0.75]),),
)


# Logistic regression ----------------------------------------------------------------------------------------


def logistic(w: Any, b: Any, x: Any, y: Any) -> Any:
    z = x @ w + b
    return np.mean(np.logaddexp(0, z) - y * z)


def logistic_grad(w: Any, b: Any, x: Any, y: Any) -> Any:
    delta = sigmoid(x @ w + b) - y
    return x.T @ delta / y.size, np.sum(delta) / y.size


def four_times_the_bias(w: Any, b: Any, x: Any, y: Any) -> Any:
    delta = sigmoid(x @ w + b) - y
    return x.T @ delta / y.size, 4.0 / y.size * np.sum(delta)


MODEL = {"w": np.array([0.25, -0.5]), "b": 0.125, "x": POINTS, "y": np.array([1.0, 0.0, 1.0])}
PAIRS.add(
    "logistic regression with four times the gradient of the bias",
    "factor",
    logistic,
    wrong=four_times_the_bias,
    right=logistic_grad,
    inputs=MODEL,
    wrt=("w", "b"),
    source="github.com/bighuang624/Andrew-Ng-Deep-Learning-notes/issues/10",
)


def ridge(w: Any, b: Any, x: Any, y: Any) -> Any:
    return logistic(w, b, x, y) + 0.25 * np.sum(w**2)


def ridge_grad(w: Any, b: Any, x: Any, y: Any) -> Any:
    dw, db = logistic_grad(w, b, x, y)
    return dw + 0.5 * w, db


def ridge_on_the_bias(w: Any, b: Any, x: Any, y: Any) -> Any:
    dw, db = logistic_grad(w, b, x, y)
    return dw + 0.5 * w, db + 0.5 * b


PAIRS.add(
    "penalty that also pulls at the bias",
    "extra_term",
    ridge,
    wrong=ridge_on_the_bias,
    right=ridge_grad,
    inputs=MODEL,
    wrt=("w", "b"),
)
