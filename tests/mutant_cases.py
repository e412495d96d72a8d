"""Which derivatives must be accepted, and which wrong versions of them must be refuted?

Each subject is a function with its derivative as people derive it by hand; ``wrong`` holds the mistakes people make,
by the kind that the diagnosis should find (``#`` and what follows only tells two of one kind apart).
The systematic ones (sign, factor, transpose, exchange) are made of the right claim by the test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import erf, expit, logsumexp, ndtr, softmax

from symdiff.checking.arguments import Wrt
from symdiff.checking.questions import Of

Claim = Callable[..., Any]


@dataclass(frozen=True)
class Subject:
    """A function, its right derivative, and wrong ones by kind of mistake."""

    name: str
    fn: Claim
    right: Claim
    inputs: tuple[Any, ...]
    wrong: dict[str, Claim]
    wrt: Wrt = 0
    of: Of = "gradient"
    domain: dict[str, Any] = field(default_factory=dict)
    status: str = "proved"
    symmetric: bool = False  # the result is its own transpose


SUBJECTS: list[Subject] = []


def subject(
    name: str, fn: Claim, right: Claim, inputs: tuple[Any, ...], wrong: dict[str, Claim], **more: Any
) -> None:
    SUBJECTS.append(Subject(name, fn, right, inputs, wrong, **more))


V = np.array([0.5, -1.25, 2.0])
U = np.array([1.5, 0.25, -0.75])
P = np.array([0.25, 1.25, 2.0])
M = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
N = np.array([[1.0, -0.5], [0.25, 2.0], [-1.5, 0.75]])
S = np.array([[2.0, 0.5], [-1.0, 1.5]])
T = np.array([[0.5, -1.5], [0.25, 1.0]])
ALL = (0, 1)


def total(function: Claim) -> Claim:
    return lambda x: np.sum(function(x))


def pdf(x: Any) -> Any:
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


# Activations ------------------------------------------------------------------------------------------------

subject(
    "tanh",
    total(np.tanh),
    lambda x: 1 - np.tanh(x) ** 2,
    (V,),
    {
        "wrong_function#dropped square": lambda x: 1 - np.tanh(x),
        "stale": lambda x: 1 - x**2,
        "wrong_function": lambda x: expit(x) * (1 - expit(x)),
    },
)
subject(
    "sigmoid",
    total(expit),
    lambda x: expit(x) * (1 - expit(x)),
    (V,),
    {
        "wrong_function#dropped factor": lambda x: expit(x),
        "stale": lambda x: x * (1 - x),
        "sign#of a term": lambda x: expit(x) * (1 + expit(x)),
    },
)
subject(
    "softplus",
    total(lambda x: np.log(1 + np.exp(x))),
    lambda x: 1 / (1 + np.exp(-x)),
    (V,),
    {
        "sign#of the exponent": lambda x: 1 / (1 + np.exp(x)),
        "missing_path#nothing": lambda x: 0 * x,
    },
)
subject(
    "gelu",
    total(lambda x: x * ndtr(x)),
    lambda x: ndtr(x) + x * pdf(x),
    (V,),
    {
        "missing_path": lambda x: ndtr(x),
        "missing_path#the other": lambda x: x * pdf(x),
        "sign#of a term": lambda x: ndtr(x) - x * pdf(x),
        "chain#lost factor of a term": lambda x: ndtr(x) + pdf(x),
    },
)
subject(
    "gelu by tanh",
    total(lambda x: 0.5 * x * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))),
    lambda x: (
        0.5 * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))
        + 0.5
        * x
        * (1 - np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)) ** 2)
        * 0.7978845608028654
        * (1 + 0.134145 * x**2)
    ),
    (V,),
    {
        "factor#of the power rule": lambda x: (
            0.5 * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))
            + 0.5
            * x
            * (1 - np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)) ** 2)
            * 0.7978845608028654
            * (1 + 0.044715 * x**2)
        ),
        "missing_path": lambda x: 0.5 * (1 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3))),
        "convention": lambda x: ndtr(x) + x * pdf(x),
    },
)
subject(
    "silu",
    total(lambda x: x * expit(x)),
    lambda x: expit(x) * (1 + x * (1 - expit(x))),
    (V,),
    {
        "missing_path": lambda x: expit(x),
        "wrong_function#of the gate": lambda x: expit(x) + x * expit(x),
    },
)
subject(
    "relu",
    total(lambda x: np.maximum(x, 0)),
    lambda x: (x > 0) * 1.0,
    (V,),
    {
        "threshold": lambda x: (x > 1) * 1.0,
        "threshold#the other side": lambda x: (x < 0) * 1.0,
        "threshold#no mask": lambda x: np.ones_like(x),
    },
)
subject(
    "leaky relu",
    total(lambda x: np.where(x > 0, x, 0.1 * x)),
    lambda x: np.where(x > 0, 1, 0.1),
    (V,),
    {
        "missing_path#slope forgotten": lambda x: np.where(x > 0, 1.0, 0.0),
        "swapped": lambda x: np.where(x > 0, 0.1, 1),
    },
)
subject(
    "elu",
    total(lambda x: np.where(x > 0, x, np.exp(x) - 1)),
    lambda x: np.where(x > 0, 1, np.exp(x)),
    (V,),
    {
        "stale#value of the branch": lambda x: np.where(x > 0, 1, np.exp(x) - 1),
        "threshold#no branch": lambda x: np.exp(x),
    },
)
subject(
    "mish",
    total(lambda x: x * np.tanh(np.log(1 + np.exp(x)))),
    lambda x: np.tanh(np.log(1 + np.exp(x))) + x * (1 - np.tanh(np.log(1 + np.exp(x))) ** 2) * expit(x),
    (V,),
    {
        "chain": lambda x: np.tanh(np.log(1 + np.exp(x))) + x * (1 - np.tanh(np.log(1 + np.exp(x))) ** 2),
        "missing_path": lambda x: np.tanh(np.log(1 + np.exp(x))),
    },
)
subject(
    "erf",
    total(erf),
    lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2)),
    (V,),
    {
        "factor#constant": lambda x: np.sqrt(2 / np.pi) * np.exp(-(x**2)),
        "factor#in the exponent": lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2) / 2),
    },
)
subject(
    "swish by its slope",
    lambda x, beta: np.sum(x * expit(beta * x)),
    lambda x, beta: np.sum(x**2 * expit(beta * x) * (1 - expit(beta * x))),
    (V, 0.5),
    {
        "chain": lambda x, beta: np.sum(x * expit(beta * x) * (1 - expit(beta * x))),
        "missing_reduction": lambda x, beta: x**2 * expit(beta * x) * (1 - expit(beta * x)),
    },
    wrt="beta",
)

# Losses -----------------------------------------------------------------------------------------------------

subject(
    "mean squared error",
    lambda p, y: np.mean((p - y) ** 2),
    lambda p, y: 2 * (p - y) / len(p),
    (V, U),
    {
        "factor": lambda p, y: p - y,
        "factor#of the size": lambda p, y: 2 * (p - y),
        "sign": lambda p, y: 2 * (y - p) / len(p),
        "wrong_function#dropped term": lambda p, y: 2 * p / len(p),
        "wrong_axis#summed": lambda p, y: np.mean(2 * (p - y)),
    },
)
subject(
    "cross entropy of a sigmoid",
    lambda z, y: -np.sum(y * np.log(expit(z)) + (1 - y) * np.log(1 - expit(z))),
    lambda z, y: expit(z) - y,
    (V, P),
    {
        "sign": lambda z, y: y - expit(z),
        "missing_path": lambda z, y: -y * (1 - expit(z)),
        "chain": lambda z, y: -y / expit(z) + (1 - y) / (1 - expit(z)),
        "chain#slope applied twice": lambda z, y: (expit(z) - y) * expit(z) * (1 - expit(z)),
    },
)
subject(
    "cross entropy of a softmax",
    lambda z, y: -np.sum(y * np.log(softmax(z))),
    lambda z, y: softmax(z) - y,
    (V, np.array([0.0, 1.0, 0.0])),
    {
        "sign": lambda z, y: y - softmax(z),
        "missing_path": lambda z, y: -y,
        "wrong_function": lambda z, y: expit(z) - y,
    },
    domain={"y": "one_hot"},
)
subject(
    "cross entropy of general weights",
    lambda z, y: -np.sum(y * np.log(softmax(z))),
    lambda z, y: softmax(z) * np.sum(y) - y,
    (V, P),
    {
        "assumption": lambda z, y: softmax(z) - y,
    },
)
subject(
    "huber",
    lambda x: np.sum(np.where(np.abs(x) < 1, x**2 / 2, np.abs(x) - 0.5)),
    lambda x: np.where(np.abs(x) < 1, x, np.sign(x)),
    (V,),
    {
        "threshold#no sign": lambda x: np.where(np.abs(x) < 1, x, 1.0),
        "threshold#no branch": lambda x: x,
        "threshold": lambda x: np.where(np.abs(x) < 2, x, np.sign(x)),
    },
)
subject(
    "log cosh",
    total(lambda x: np.log(np.cosh(x))),
    np.tanh,
    (V,),
    {
        "wrong_function": expit,
        "chain": lambda x: 1 / np.cosh(x),
    },
)
subject(
    "hinge",
    lambda s, y: np.sum(np.maximum(0, 1 - y * s)),
    lambda s, y: np.where(y * s < 1, -y, 0.0),
    (V, U),
    {
        "sign": lambda s, y: np.where(y * s < 1, y, 0.0),
        "threshold": lambda s, y: np.where(s < 1, -y, 0.0),
        "threshold#no mask": lambda s, y: -y,
    },
)
subject(
    "relative entropy",
    lambda p, q: np.sum(p * np.log(p / q)),
    lambda p, q: (np.log(p / q) + 1, -p / q),
    (P, P[::-1]),
    {
        "missing_path": lambda p, q: (np.log(p / q), -p / q),
        "sign": lambda p, q: (np.log(p / q) + 1, p / q),
        "swapped#quotient": lambda p, q: (np.log(p / q) + 1, -q / p),
    },
    wrt=ALL,
)
subject(
    "poisson",
    lambda z, y: np.sum(np.exp(z) - y * z),
    lambda z, y: np.exp(z) - y,
    (V, P),
    {
        "missing_path": lambda z, y: np.exp(z),
        "wrong_function#extra factor": lambda z, y: z * np.exp(z) - y,
    },
)

# Norms and reductions ---------------------------------------------------------------------------------------

subject(
    "euclidean norm",
    lambda x: np.sqrt(np.sum(x**2)),
    lambda x: x / np.sqrt(np.sum(x**2)),
    (V,),
    {
        "unknown#two at once: no sum, no inner derivative": lambda x: 1 / (2 * np.sqrt(x**2)),
        "convention#half the square": lambda x: x,
        "stale#no root": lambda x: x / np.sum(x**2),
    },
)
subject(
    "absolute values",
    total(np.abs),
    np.sign,
    (V,),
    {
        "threshold#no sign": lambda x: np.ones_like(x),
        "wrong_function": np.abs,
    },
)
subject(
    "log sum exp",
    logsumexp,
    softmax,
    (V,),
    {
        "chain#not normalised": np.exp,
        "wrong_function": expit,
    },
)
subject(
    "product",
    np.prod,
    lambda x: np.prod(x) / x,
    (P,),
    {
        "shape": np.prod,
        "wrong_function#times": lambda x: np.prod(x) * x,
    },
    domain={"a": (0.125, None)},  # at zero the right one has no value
)
subject(
    "variance",
    np.var,
    lambda x: 2 * (x - np.mean(x)) / len(x),
    (V,),
    {
        "assumption#of mean zero": lambda x: 2 * x / len(x),
        "factor": lambda x: (x - np.mean(x)) / len(x),
        "factor#unbiased": lambda x: 2 * (x - np.mean(x)) / (len(x) - 1),
    },
)
subject(
    "maximum",
    np.max,
    lambda x: (x == np.max(x)) / np.sum(x == np.max(x)),
    (V,),
    {
        "threshold#minimum": lambda x: (x == np.min(x)) * 1.0,
        "threshold#everybody": lambda x: np.ones_like(x),
    },
)
subject(
    "differences",
    lambda x: np.sum((x[1:] - x[:-1]) ** 2),
    lambda x: 2 * np.concatenate([x[:1] - x[1:2], 2 * x[1:-1] - x[:-2] - x[2:], x[-1:] - x[-2:-1]]),
    (np.array([1.0, 2.0, 0.5, -1.0]),),
    {
        "missing_path#inner only": lambda x: (
            2 * np.concatenate([0 * x[:1], 2 * x[1:-1] - x[:-2] - x[2:], 0 * x[:1]])
        ),
        "missing_path": lambda x: 2 * np.concatenate([x[:1] - x[1:2], x[1:-1] - x[:-2], x[-1:] - x[-2:-1]]),
    },
)
subject(
    "cosine",
    lambda x, y: x @ y / np.sqrt((x @ x) * (y @ y)),
    lambda x, y: y / np.sqrt((x @ x) * (y @ y)) - (x @ y) * x / (x @ x) / np.sqrt((x @ x) * (y @ y)),
    (V, U),
    {
        "missing_path": lambda x, y: y / np.sqrt((x @ x) * (y @ y)),
        "swapped#wrong vector": lambda x, y: (
            y / np.sqrt((x @ x) * (y @ y)) - (x @ y) * y / (x @ x) / np.sqrt((x @ x) * (y @ y))
        ),
    },
)
