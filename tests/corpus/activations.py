"""Wrong derivatives of activation functions, as people write them beside a forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import erf

from corpus import Pairs

PAIRS = Pairs()
Z = np.array([0.5, -1.25, 2.0])
G = np.array([[0.75, -1.5, 0.25], [2.0, -0.5, 1.25]])
ALPHA, LAMBDA = 1.6732632423543772, 1.0507009873554805
C = np.sqrt(2 / np.pi)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


# Sigmoid and tanh -------------------------------------------------------------------------------------------


def logistic_loss(z: Any) -> Any:
    return np.sum(sigmoid(z))


def logistic_grad(z: Any) -> Any:
    e = np.exp(-z)
    return e / (1 + e) ** 2


PAIRS.add(
    "sigmoid by its input instead of its output",
    "stale",
    logistic_loss,
    wrong=lambda z: z * (1 - z),
    right=logistic_grad,
    inputs=(Z,),
    source="github.com/BoltzmannEntropy/interviews.ai/issues/4",
)


def tanh_backward(z: Any, g: Any) -> Any:
    out = np.tanh(z)
    return (1 - np.square(out)) * g


PAIRS.add(
    "tanh with a plus, as if it were tan",
    "sign",
    np.tanh,
    wrong=lambda z, g: (1 + np.square(np.tanh(z))) * g,
    right=tanh_backward,
    inputs=(Z,),
    of="vjp",
    source="github.com/nicodjimenez/lstm/issues/41",
)


def neuron_derivative(z: Any, g: Any) -> Any:
    output = np.tanh(z)
    return g * (1 - np.tanh(output) * np.tanh(output))


PAIRS.add(
    "tanh derivative called with the neuron's output",
    "stale",
    np.tanh,
    wrong=neuron_derivative,
    right=tanh_backward,
    inputs=(G,),
    of="vjp",
    source="github.com/davidrmiller/neural2d/issues/40",
)
PAIRS.add(
    "tanh with the derivative of the sigmoid",
    "wrong_function",
    np.tanh,
    wrong=lambda z, g: g * np.tanh(z) * (1 - np.tanh(z)),
    right=tanh_backward,
    inputs=(Z,),
    of="vjp",
)
PAIRS.add(
    "tanh without the cotangent",
    "upstream",
    np.tanh,
    wrong=lambda z, g: 1 - np.tanh(z) ** 2,
    right=tanh_backward,
    inputs=(Z,),
    of="vjp",
    source="github.com/OpenMined/PySyft/pull/2148",
)


def log_sigmoid(z: Any) -> Any:
    return np.sum(-np.logaddexp(0, -z))


PAIRS.add(
    "log-sigmoid with the derivative of softplus",
    "wrong_function",
    log_sigmoid,
    wrong=sigmoid,
    right=lambda z: 1 - sigmoid(z),
    inputs=(Z,),
)

# Softplus, mish, swish --------------------------------------------------------------------------------------


def softplus(z: Any) -> Any:
    return np.log1p(np.exp(z))


def softplus_from_output(z: Any) -> Any:
    out = softplus(z)
    return 1 / (1 + np.exp(-out))


PAIRS.add(
    "softplus derivative of the layer's output",
    "stale",
    lambda z: np.sum(softplus(z)),
    wrong=softplus_from_output,
    right=lambda z: 1 - np.exp(-softplus(z)),
    inputs=(Z,),
    source="github.com/zserge/nanonn/issues/4",
)


def mish(z: Any) -> Any:
    return z * np.tanh(softplus(z))


def mish_grad(z: Any) -> Any:
    t = np.tanh(softplus(z))
    return t + z * (1 - t * t) * sigmoid(z)


def mish_without_softplus(z: Any) -> Any:
    t = np.tanh(softplus(z))
    return t + z * (1 - t * t)


PAIRS.add(
    "mish without the derivative of the softplus inside",
    "chain",
    lambda z: np.sum(mish(z)),
    wrong=mish_without_softplus,
    right=mish_grad,
    inputs=(Z,),
)


def swish(z: Any, beta: Any) -> Any:
    return np.sum(z * sigmoid(beta * z))


def swish_grad(z: Any, beta: Any) -> Any:
    s = sigmoid(beta * z)
    return s + beta * z * s * (1 - s)


def swish_without_beta(z: Any, beta: Any) -> Any:
    s = sigmoid(beta * z)
    return s + z * s * (1 - s)


PAIRS.add(
    "swish without the inner beta",
    "chain",
    swish,
    wrong=swish_without_beta,
    right=swish_grad,
    inputs={"z": Z, "beta": 1.75},
    wrt="z",
)


def silu(z: Any) -> Any:
    return z / (1 + np.exp(-z))


def silu_backward(z: Any, g: Any) -> Any:
    s = sigmoid(z)
    return g * s * (1 + z * (1 - s))


def silu_minus(z: Any, g: Any) -> Any:
    s = sigmoid(z)
    return g * s * (1 - z * (1 - s))


PAIRS.add(
    "SiLU with a minus in the bracket",
    "sign",
    silu,
    wrong=silu_minus,
    right=silu_backward,
    inputs=(Z,),
    of="vjp",
)
PAIRS.add(
    "SiLU as if the gate were constant",
    "missing_path",
    silu,
    wrong=lambda z, g: g * sigmoid(z),
    right=silu_backward,
    inputs=(G,),
    of="vjp",
)

# GELU -------------------------------------------------------------------------------------------------------


def gelu(x: Any) -> Any:
    return np.sum(0.5 * x * (1 + erf(x / np.sqrt(2))))


def gelu_grad(x: Any) -> Any:
    cdf = 0.5 * (1 + erf(x / np.sqrt(2)))
    pdf = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return cdf + x * pdf


def gelu_tanh(x: Any) -> Any:
    return np.sum(0.5 * x * (1 + np.tanh(C * (x + 0.044715 * x**3))))


def gelu_tanh_grad(x: Any) -> Any:
    t = np.tanh(C * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * C * (1 + 3 * 0.044715 * x**2)


def gelu_tanh_without_three(x: Any) -> Any:
    t = np.tanh(C * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * C * (1 + 0.044715 * x**2)


def gelu_without_density(x: Any) -> Any:
    return 0.5 * (1 + erf(x / np.sqrt(2)))


PAIRS.add(
    "GELU by erf, judged with the tanh form",
    "convention",
    gelu,
    wrong=gelu_tanh_grad,
    right=gelu_grad,
    inputs=(Z,),
    source="github.com/tenstorrent/tt-metal/pull/49498",
)
PAIRS.add(
    "GELU by tanh, judged with the erf form",
    "convention",
    gelu_tanh,
    wrong=gelu_grad,
    right=gelu_tanh_grad,
    inputs=(Z,),
)
PAIRS.add(
    "GELU by tanh without the three of the cube",
    "factor",
    gelu_tanh,
    wrong=gelu_tanh_without_three,
    right=gelu_tanh_grad,
    inputs=(Z,),
)
PAIRS.add(
    "GELU without the density",
    "missing_path",
    gelu,
    wrong=gelu_without_density,
    right=gelu_grad,
    inputs=(Z,),
)
