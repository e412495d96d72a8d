"""Claims that return NaN or infinity where the derivative is finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
X = np.array([0.5, 0.0, -1.25])


def sigmoid(z: Any) -> Any:
    return 0.5 * (1 + np.tanh(z / 2))


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def sinc_prime(x: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 0.0, (np.cos(safe) - np.sin(safe) / safe) / safe)


def product(x: Any) -> Any:
    return np.prod(x)


def product_grad(x: Any) -> Any:
    return np.stack([x[1] * x[2], x[0] * x[2], x[0] * x[1]])


def masked_mean(x: Any, mask: Any) -> Any:
    return np.sum(x * mask) / np.maximum(np.sum(mask), 1)


# At zeros --------------------------------------------------------------------------------------------------


PAIRS.add(
    "squared norm through the norm, at zero",
    "nan",
    lambda x: np.sqrt(np.sum(x**2)) ** 2,
    wrong=lambda x: 2 * np.sqrt(np.sum(x**2)) * (x / np.sqrt(np.sum(x**2))),
    right=lambda x: 2 * x,
    inputs=(np.zeros(2),),
    special="point",
    source="github.com/jax-ml/jax/issues/4177",
)
PAIRS.add(
    "normalized sinc by the quotient rule, at zero",
    "nan",
    lambda x: np.sum(np.sinc(x)),
    wrong=lambda x: (np.pi * x * np.cos(np.pi * x) - np.sin(np.pi * x)) / (np.pi * x * x),
    right=lambda x: np.pi * sinc_prime(np.pi * x),
    inputs=(X,),
    special="point",
    source="github.com/pytorch/pytorch/issues/53989",
)
PAIRS.add(
    "power by its exponent, at base zero",
    "nan",
    lambda a, b: np.sum(a**b),
    wrong=lambda a, b: a**b * np.log(a),
    right=lambda a, b: np.where(a == 0, 0.0, a**b * np.log(np.where(a == 0, 1.0, a))),
    inputs={"a": np.array([0.0, 2.0]), "b": np.array([1.0, 1.5])},
    wrt="b",
    domain={"b": (0, None)},
    special="point",
    source="github.com/pytorch/pytorch/issues/27134",
)
PAIRS.add(
    "power by exp and log, at base zero",
    "nan",
    lambda x: np.sum(x**1.875),
    wrong=lambda x: np.exp(1.875 * np.log(x)) * 1.875 / x,
    right=lambda x: 1.875 * x**0.875,
    inputs=(np.array([0.0, 1.0]),),
    special="point",
    source="github.com/coin-or/CppAD/issues/92",
)
PAIRS.add(
    "product over its entry, at a zero",
    "nan",
    product,
    wrong=lambda x: np.prod(x) / x,
    right=product_grad,
    inputs=(np.array([0.0, 2.0, 3.0]),),
    special="point",
    source="github.com/tinygrad/tinygrad/pull/17404",
)


def cumulative(x: Any) -> Any:
    return np.stack([x[0], x[0] * x[1], x[0] * x[1] * x[2]])


def cumulative_by_quotient(x: Any, g: Any) -> Any:
    out = cumulative(x)
    return np.flip(np.cumsum(np.flip(g * out))) / x


def cumulative_backward(x: Any, g: Any) -> Any:
    tail = g[1] + x[2] * g[2]
    return np.stack([g[0] + x[1] * tail, x[0] * tail, x[0] * x[1] * g[2]])


PAIRS.add(
    "cumulative product over its entry, at a zero",
    "nan",
    cumulative,
    wrong=cumulative_by_quotient,
    right=cumulative_backward,
    inputs=(np.array([2.0, 0.0, 3.0]),),
    of="vjp",
    special="point",
    source="github.com/tracel-ai/burn/pull/5141",
)
PAIRS.add(
    "mean over an empty mask, divided by zero",
    "nan",
    masked_mean,
    wrong=lambda x, mask: mask / np.sum(mask),
    right=lambda x, mask: mask / np.maximum(np.sum(mask), 1),
    inputs={"x": X, "mask": np.zeros(3)},
    wrt="x",
    domain={"mask": "boolean"},
    special="point",
)


# Overflow ---------------------------------------------------------------------------------------------------


def surrogate(x: Any) -> Any:
    return sigmoid(25 * x)


def surrogate_by_exp(x: Any, g: Any) -> Any:
    e = np.exp(-25 * x)
    return g * 25 * e / (e + 1) ** 2


def surrogate_backward(x: Any, g: Any) -> Any:
    s = sigmoid(25 * x)
    return g * 25 * s * (1 - s)


PAIRS.add(
    "steep sigmoid by exponentials, far below the threshold",
    "nan",
    surrogate,
    wrong=surrogate_by_exp,
    right=surrogate_backward,
    inputs=(np.array([0.125, -40.0]),),
    of="vjp",
    special="point",
    source="github.com/jeshraghian/snntorch/pull/433",
)
PAIRS.add(
    "softplus as exp over 1 + exp, in its linear part",
    "nan",
    lambda x: np.logaddexp(0, x),
    wrong=lambda x, g: g * np.exp(x) * (1 / (1 + np.exp(x))),
    right=lambda x, g: g / (1 + np.exp(-x)),
    inputs=(np.array([0.5, 800.0]),),
    of="vjp",
    special="point",
    source="github.com/tenstorrent/tt-metal/pull/56397",
)


def log_softmax(z: Any) -> Any:
    m = np.max(z)
    return z - m - np.log(np.sum(np.exp(z - m)))


def through_softmax(z: Any, g: Any) -> Any:
    y = softmax(z)
    d = g / y
    return y * (d - np.sum(d * y))


PAIRS.add(
    "log-softmax through the softmax, at large logits",
    "nan",
    log_softmax,
    wrong=through_softmax,
    right=lambda z, g: g - softmax(z) * np.sum(g),
    inputs=(np.array([-431.0, 279.0, 427.0]),),
    of="vjp",
    special="point",
    source="github.com/FluxML/NNlib.jl/issues/68",
)


def loop(x: Any) -> Any:
    """Logistic slopes one Python float at a time."""
    out = np.empty(len(x))
    with np.errstate(all="ignore"):
        for i in range(len(x)):
            e = np.exp(np.float64(float(x[i])))
            out[i] = e / (1 + e) ** 2
    return out


def stable_loop(x: Any) -> Any:
    """The same slopes by the smaller exponential."""
    out = np.empty(len(x))
    for i in range(len(x)):
        e = np.exp(-abs(float(x[i])))
        out[i] = e / (1 + e) ** 2
    return out


PAIRS.add(
    "logistic slope in a loop, at a large input",
    "nan",
    lambda x: np.sum(sigmoid(x)),
    wrong=loop,
    right=stable_loop,
    inputs=(np.array([0.5, 720.0]),),
    special="point",
)
