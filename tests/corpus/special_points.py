"""Claims that are wrong only at special points: zeros, ties, kinks, empty masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
X = np.array([0.5, 0.0, -1.25])


# Ties -------------------------------------------------------------------------------------------------------


def largest(x: Any) -> Any:
    return np.max(x)


PAIRS.add(
    "maximum that gives every tied entry the whole gradient",
    "edge",
    largest,
    wrong=lambda x: np.where(x == np.max(x), 1.0, 0.0),
    right=lambda x: np.where(x == np.max(x), 1.0, 0.0) / np.sum(x == np.max(x)),
    inputs=(np.array([1.0, 1.0, 0.5]),),
    special="point",
    source="github.com/Theano/Theano/issues/4568",
)


def column_maxima(x: Any) -> Any:
    return np.max(x, axis=0)


def column_maxima_backward(x: Any, g: Any) -> Any:
    chosen = np.where(x == np.max(x, axis=0), 1.0, 0.0)
    return g * chosen / np.sum(chosen, axis=0)


PAIRS.add(
    "column maxima of equal rows",
    "edge",
    column_maxima,
    wrong=lambda x, g: g * np.where(x == np.max(x, axis=0), 1.0, 0.0),
    right=column_maxima_backward,
    inputs=(np.array([[0.5, 1.0, -2.0], [1.5, 0.25, 0.75]]),),
    of="vjp",
    special="point",
    source="github.com/apache/mxnet/issues/18563",
)


def log_add_weight(a: Any, b: Any) -> Any:
    return np.where(a > b, 1 / (1 + np.exp(b - a)), np.exp(a - b) / (1 + np.exp(a - b)))


def log_add_weight_of_ties(a: Any, b: Any) -> Any:
    return np.where(a == b, 1.0, log_add_weight(a, b))


PAIRS.add(
    "logaddexp that lets the first argument win a tie",
    "edge",
    lambda a, b: np.sum(np.logaddexp(a, b)),
    wrong=log_add_weight_of_ties,
    right=log_add_weight,
    inputs=(np.array([0.5, 1.0]), np.array([-0.25, 1.0])),
    special="point",
)


# Zeros ------------------------------------------------------------------------------------------------------


def dropped(x: Any, mask: Any) -> Any:
    return x * mask


def dropped_by_quotient(x: Any, mask: Any, g: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, g, x * mask / safe * g)


PAIRS.add(
    "dropout's mask recovered as output over input",
    "edge",
    dropped,
    wrong=dropped_by_quotient,
    right=lambda x, mask, g: mask * g,
    inputs={"x": X, "mask": np.array([1.0, 0.0, 0.0])},
    wrt="x",
    of="vjp",
    special="point",
    source="github.com/kaldi-asr/kaldi/issues/3890",
)


def sinc(x: Any) -> Any:
    return np.sum(np.sinc(x / np.pi))


def sinc_prime(x: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 0.0, (np.cos(safe) - np.sin(safe) / safe) / safe)


def sinc_prime_of_one(x: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, (np.cos(safe) - np.sin(safe) / safe) / safe)


PAIRS.add(
    "sinc whose slope at zero is its value there",
    "edge",
    sinc,
    wrong=sinc_prime_of_one,
    right=sinc_prime,
    inputs=(X,),
    special="point",
)


def expm1_over_x(x: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return np.sum(np.where(x == 0, 1.0, np.expm1(safe) / safe))


def expm1_over_x_prime(x: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 0.5, (np.exp(safe) - np.expm1(safe) / safe) / safe)


def expm1_over_x_flat(x: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 0.0, (np.exp(safe) - np.expm1(safe) / safe) / safe)


PAIRS.add(
    "(exp(x) - 1)/x taken for flat at zero",
    "edge",
    expm1_over_x,
    wrong=expm1_over_x_flat,
    right=expm1_over_x_prime,
    inputs=(X,),
    special="point",
)


def product(x: Any) -> Any:
    return np.prod(x)


def product_grad(x: Any) -> Any:
    return np.stack([x[1] * x[2], x[0] * x[2], x[0] * x[1]])


def product_zero_safe(x: Any) -> Any:
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 0.0, np.prod(x) / safe)


PAIRS.add(
    "product over its entry, zero where the entry is zero",
    "edge",
    product,
    wrong=product_zero_safe,
    right=product_grad,
    inputs=(np.array([2.0, 0.0, 4.0]),),
    special="point",
)


def four(x: Any) -> Any:
    return x[0] * x[1] * x[2] * x[3]


def four_hessian(x: Any) -> Any:
    out = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            if i != j:
                out[i, j] = np.prod([float(x[k]) for k in range(4) if k not in (i, j)])
    return out


def four_hessian_of_one_zero(x: Any) -> Any:
    if sum(float(v) == 0 for v in x) > 1:
        return np.zeros((4, 4))
    return four_hessian(x)


PAIRS.add(
    "second derivative of a product with two zeros",
    "edge",
    four,
    wrong=four_hessian_of_one_zero,
    right=four_hessian,
    inputs=(np.array([2.0, 3.0, 0.0, 0.0]),),
    of="hessian",
    special="point",
    source="github.com/pytorch/pytorch/issues/106789",
)


def length(x: Any) -> Any:
    return np.sqrt(np.sum(x**2))


def length_grad(x: Any) -> Any:
    r = np.sqrt(np.sum(x**2))
    return np.where(r == 0, 0.0, x / np.where(r == 0, 1.0, r))


def length_with_ones(x: Any) -> Any:
    r = np.sqrt(np.sum(x**2))
    return np.where(r == 0, 1.0, x / np.where(r == 0, 1.0, r))


PAIRS.add(
    "norm whose gradient at zero is longer than one",
    "edge",
    length,
    wrong=length_with_ones,
    right=length_grad,
    inputs=(np.zeros(3),),
    special="point",
)


# Bounds -----------------------------------------------------------------------------------------------------


def squared_hinge(z: Any) -> Any:
    return np.sum(np.maximum(0, 1 - z) ** 2)


PAIRS.add(
    "squared hinge with a step exactly at its margin",
    "edge",
    squared_hinge,
    wrong=lambda z: np.where(z == 1, -2.0, -2 * np.maximum(0, 1 - z)),
    right=lambda z: -2 * np.maximum(0, 1 - z),
    inputs=(np.array([0.5, 1.0, 2.0]),),
    special="point",
)


def masked_mean(x: Any, mask: Any) -> Any:
    return np.sum(x * mask) / np.maximum(np.sum(mask), 1)


PAIRS.add(
    "mean over an empty mask, spread over everything",
    "edge",
    masked_mean,
    wrong=lambda x, mask: np.where(np.sum(mask) == 0, 1 / 3, mask / np.maximum(np.sum(mask), 1)),
    right=lambda x, mask: mask / np.maximum(np.sum(mask), 1),
    inputs={"x": X, "mask": np.zeros(3)},
    wrt="x",
    domain={"mask": "boolean"},
    special="point",
)


def leaky(x: Any) -> Any:
    return np.sum(np.where(x > 0, x, 0.1 * x))


PAIRS.add(
    "leaky ReLU with both comparisons inclusive",
    "edge",
    leaky,
    wrong=lambda x: 1.0 * (x >= 0) + 0.1 * (x <= 0),
    right=lambda x: 1.0 * (x > 0) + 0.1 * (x <= 0),
    inputs=(X,),
    special="point",
)
