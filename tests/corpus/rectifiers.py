"""Wrong derivatives of rectifiers and gates: masks, bounds, saved outputs, halves."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
X = np.array([0.5, -1.25, 2.0, -0.25])
ALPHA, LAMBDA = 1.6732632423543772, 1.0507009873554805


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


# ReLU and its family ----------------------------------------------------------------------------------------


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


PAIRS.add(
    "ReLU masked by the sign of the incoming gradient",
    "threshold",
    relu,
    wrong=lambda x, g: g * (g > 0),
    right=lambda x, g: g * (x > 0),
    inputs=(X,),
    of="vjp",
)


def leaky(x: Any) -> Any:
    return np.where(x > 0, x, -2.0 * x)


def leaky_by_output(x: Any, g: Any) -> Any:
    out = leaky(x)
    return np.where(out > 0, g, -2.0 * g)


PAIRS.add(
    "leaky ReLU of negative slope, branch decided by the output",
    "threshold",
    leaky,
    wrong=leaky_by_output,
    right=lambda x, g: np.where(x > 0, g, -2.0 * g),
    inputs=(X,),
    of="vjp",
    source="github.com/pytorch/pytorch/pull/33639",
)


def relu6(x: Any) -> Any:
    return np.sum(np.minimum(np.maximum(x, 0), 6))


PAIRS.add(
    "ReLU6 without the upper bound",
    "threshold",
    relu6,
    wrong=lambda x: np.where(x > 0, 1.0, 0.0),
    right=lambda x: np.where((x > 0) & (x < 6), 1.0, 0.0),
    inputs=(X,),
)


def hard_sigmoid(x: Any) -> Any:
    return np.clip(x / 6 + 0.5, 0, 1)


PAIRS.add(
    "hard sigmoid that never saturates",
    "threshold",
    hard_sigmoid,
    wrong=lambda x, g: g / 6,
    right=lambda x, g: np.where(np.abs(x) < 3, g / 6, 0.0),
    inputs=(X,),
    of="vjp",
    source="github.com/pytorch/pytorch/issues/51408",
)


def hard_tanh(x: Any) -> Any:
    return np.sum(np.clip(x, -2, 2) ** 2)


PAIRS.add(
    "hard tanh with the bounds of another layer",
    "threshold",
    hard_tanh,
    wrong=lambda x: 2 * x * (np.abs(x) < 1),
    right=lambda x: 2 * x * (np.abs(x) < 2),
    inputs=(X,),
)


def elu_of_paddle(x: Any) -> Any:
    return np.sum(np.maximum(0, x) + np.minimum(0, -0.5 * (np.exp(x) - 1)))


def elu_of_paddle_grad(x: Any) -> Any:
    inner = -0.5 * (np.exp(x) - 1)
    return np.where(x > 0, 1.0, 0.0) + np.where(inner < 0, -0.5 * np.exp(x), 0.0)


PAIRS.add(
    "ELU of negative alpha, both branches decided by x",
    "threshold",
    elu_of_paddle,
    wrong=lambda x: np.where(x > 0, 1.0, -0.5 * np.exp(x)),
    right=elu_of_paddle_grad,
    inputs=(X,),
    source="github.com/PaddlePaddle/Paddle/pull/26543",
)


def hard_swish(x: Any) -> Any:
    return np.sum(x * np.clip(x + 3, 0, 6) / 6)


def hard_swish_grad(x: Any) -> Any:
    gate = np.clip(x + 3, 0, 6) / 6
    return gate + x * np.where(np.abs(x) < 3, 1 / 6, 0)


PAIRS.add(
    "hard swish with a constant gate",
    "missing_path",
    hard_swish,
    wrong=lambda x: np.clip(x + 3, 0, 6) / 6,
    right=hard_swish_grad,
    inputs=(X,),
)


# SELU and ELU -----------------------------------------------------------------------------------------------


def selu(x: Any) -> Any:
    return np.where(x > 0, LAMBDA * x, LAMBDA * ALPHA * (np.exp(x) - 1))


def selu_backward(x: Any, g: Any) -> Any:
    out = selu(x)
    return g * np.where(x > 0, LAMBDA, out + LAMBDA * ALPHA)


def selu_scaled_twice(x: Any, g: Any) -> Any:
    out = selu(x)
    return g * np.where(x > 0, LAMBDA, LAMBDA * (out + ALPHA))


PAIRS.add(
    "SELU that scales its saved output again",
    "factor",
    selu,
    wrong=selu_scaled_twice,
    right=selu_backward,
    inputs=(X,),
    of="vjp",
    source="github.com/RubixML/ML/pull/427",
)
PAIRS.add(
    "SELU without its scale",
    "factor",
    selu,
    wrong=lambda x, g: g * np.where(x > 0, 1.0, ALPHA * np.exp(x)),
    right=selu_backward,
    inputs=(X,),
    of="vjp",
    source="github.com/NVIDIA/caffe/pull/565",
)


def elu(x: Any, alpha: Any) -> Any:
    return np.sum(np.where(x > 0, x, alpha * (np.exp(x) - 1)))


def elu_grad(x: Any, alpha: Any) -> Any:
    out = np.where(x > 0, x, alpha * (np.exp(x) - 1))
    return np.where(x > 0, 1.0, out + alpha)


def elu_of_alpha_one(x: Any, alpha: Any) -> Any:
    out = np.where(x > 0, x, alpha * (np.exp(x) - 1))
    return np.where(x > 0, 1.0, out + 1)


PAIRS.add(
    "ELU by its output, for alpha one",
    "assumption",
    elu,
    wrong=elu_of_alpha_one,
    right=elu_grad,
    inputs={"x": X, "alpha": 0.75},
    wrt="x",
    source="github.com/tiny-dnn/tiny-dnn/pull/896",
)


# Gates and parameters ---------------------------------------------------------------------------------------


def prelu(x: Any, a: Any) -> Any:
    return np.where(x > 0, x, a * x)


PAIRS.add(
    "PReLU's slopes not summed over the batch",
    "missing_reduction",
    prelu,
    wrong=lambda x, a, g: np.where(x > 0, 0.0, x * g),
    right=lambda x, a, g: np.sum(np.where(x > 0, 0.0, x * g), axis=0),
    inputs={"x": np.array([[0.5, -1.0, 2.0], [-0.75, 1.5, -2.5]]), "a": np.array([0.25, 0.1, -0.5])},
    wrt="a",
    of="vjp",
)


def glu(a: Any, b: Any) -> Any:
    return np.sum(a * sigmoid(b))


def glu_grad(a: Any, b: Any) -> Any:
    s = sigmoid(b)
    return s, a * s * (1 - s)


def glu_exchanged(a: Any, b: Any) -> Any:
    value, gate = glu_grad(a, b)
    return gate, value


PAIRS.add(
    "GLU with value and gate exchanged",
    "swapped",
    glu,
    wrong=glu_exchanged,
    right=glu_grad,
    inputs={"a": X, "b": X[::-1] + 0.5},
    wrt=("a", "b"),
)


def soft_sign(x: Any) -> Any:
    return np.sum(x / (1 + np.abs(x)))


PAIRS.add(
    "softsign without the quotient rule",
    "missing_path",
    soft_sign,
    wrong=lambda x: 1 / (1 + np.abs(x)),
    right=lambda x: 1 / (1 + np.abs(x)) ** 2,
    inputs=(X,),
)


def soft_shrink(x: Any) -> Any:
    return np.sum(np.sign(x) * np.maximum(np.abs(x) - 0.5, 0))


PAIRS.add(
    "soft shrinkage with the mask of ReLU",
    "threshold",
    soft_shrink,
    wrong=lambda x: np.where(x > 0.5, 1.0, 0.0),
    right=lambda x: np.where(np.abs(x) > 0.5, 1.0, 0.0),
    inputs=(X,),
)


def dropout(x: Any, mask: Any) -> Any:
    return x * mask / (1 - 0.25)


PAIRS.add(
    "dropout scaled but not masked",
    "threshold",
    dropout,
    wrong=lambda x, mask, g: g / (1 - 0.25),
    right=lambda x, mask, g: g * mask / (1 - 0.25),
    inputs={"x": X, "mask": np.array([1.0, 0.0, 1.0, 1.0])},
    wrt="x",
    of="vjp",
    domain={"mask": "boolean"},
    source="github.com/ddbourgin/numpy-ml/issues/94",
)
