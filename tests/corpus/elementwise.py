"""Wrong derivatives of elementary functions, one entry at a time or two arguments at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import erf, gammaln, polygamma, psi

from corpus import Pairs

PAIRS = Pairs()
X = np.array([0.5, 1.25, 2.0])
Y = np.array([-0.75, 1.5, 0.25])


# Functions of one argument ----------------------------------------------------------------------------------


PAIRS.add(
    "arc tangent with the derivative of the hyperbolic one",
    "sign",
    lambda x: np.sum(np.arctan(x)),
    wrong=lambda x: 1 / (1 - x**2),
    right=lambda x: 1 / (1 + x**2),
    inputs=(np.array([0.5, -0.25, 0.75]),),
    domain={"x": (-1, 1)},
)
PAIRS.add(
    "log1p with the derivative of the logarithm",
    "wrong_function",
    np.log1p,
    wrong=lambda x, g: g / x,
    right=lambda x, g: g / (1 + x),
    inputs=(X,),
    of="vjp",
    domain={"x": (0, None)},
)
PAIRS.add(
    "expm1 that returns itself",
    "extra_term",
    lambda x: np.sum(np.expm1(x)),
    wrong=np.expm1,
    right=np.exp,
    inputs=(Y,),
)
PAIRS.add(
    "log-gamma with the trigamma function",
    "wrong_function",
    lambda x: np.sum(gammaln(x)),
    wrong=lambda x: polygamma(1, x),
    right=psi,
    inputs=(X,),
    domain={"x": (0, None)},
)
PAIRS.add(
    "hyperbolic cosine like the cosine",
    "sign",
    lambda x: np.sum(np.cosh(x)),
    wrong=lambda x: -np.sinh(x),
    right=np.sinh,
    inputs=(Y,),
)
PAIRS.add(
    "arc secant with the sign of the arc cosecant",
    "sign",
    lambda x: np.sum(np.arccos(1 / x)),
    wrong=lambda x: -1 / (x * np.sqrt(x**2 - 1)),
    right=lambda x: 1 / (x * np.sqrt(x**2 - 1)),
    inputs=(X + 1,),
    domain={"x": (1, None)},
    source="github.com/richardxhong/UTSC-NOTES/issues/2",
)
PAIRS.add(
    "error function without its constant",
    "factor",
    lambda x: np.sum(erf(x)),
    wrong=lambda x: np.exp(-(x**2)),
    right=lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2)),
    inputs=(Y,),
)
PAIRS.add(
    "logarithm to the base two like the natural one",
    "factor",
    lambda p: -np.sum(p * np.log2(p)),
    wrong=lambda p: -(np.log(p) + 1),
    right=lambda p: -(np.log(p) + 1) / np.log(2),
    inputs=(np.array([0.25, 0.5, 0.125]),),
)
PAIRS.add(
    "square root of a sum of squares, one entry at a time",
    "chain",
    lambda x: np.sum(np.sqrt(1 + x**2)),
    wrong=lambda x: 1 / (2 * np.sqrt(1 + x**2)),
    right=lambda x: x / np.sqrt(1 + x**2),
    inputs=(Y,),
)
PAIRS.add(
    "x log x - x without the second term",
    "missing_path",
    lambda x: np.sum(x * np.log(x) - x),
    wrong=lambda x: np.log(x) + 1,
    right=np.log,
    inputs=(X,),
)
PAIRS.add(
    "exponential times its input",
    "stale",
    np.exp,
    wrong=lambda x, g: x * g,
    right=lambda x, g: np.exp(x) * g,
    inputs=(Y,),
    of="vjp",
    source="github.com/karpathy/nn-zero-to-hero/issues/52",
)
PAIRS.add(
    "exponential times the cotangent twice",
    "upstream",
    np.exp,
    wrong=lambda x, g: g * (np.exp(x) * g),
    right=lambda x, g: g * np.exp(x),
    inputs=(Y,),
    of="vjp",
)
PAIRS.add(
    "constant multiple that hands the gradient on",
    "factor",
    lambda x: 5.0 * x,
    wrong=lambda x, g: g,
    right=lambda x, g: 5.0 * g,
    inputs=(Y,),
    of="vjp",
    source="github.com/zergtant/pytorch-handbook/issues/69",
)
PAIRS.add(
    "second derivative of the logarithm as the square of the first",
    "second_order",
    lambda x, w: np.sum(w * np.log(x)),
    wrong=lambda x, w: np.diag(-((w / x) ** 2)),
    right=lambda x, w: np.diag(-w / x**2),
    inputs={"x": X, "w": Y},
    wrt="x",
    of="hessian",
    special="second order",
    source="github.com/apache/mxnet/pull/14992",
)
PAIRS.add(
    "Hessian-vector product of tanh with a constant gradient",
    "second_order",
    lambda x: np.sum(np.tanh(x)),
    wrong=lambda x, v: 0 * v,
    right=lambda x, v: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2) * v,
    inputs=(Y,),
    of="hvp",
    special="second order",
)


# Functions of two arguments ---------------------------------------------------------------------------------


def angle(y: Any, x: Any) -> Any:
    return np.sum(np.arctan2(y, x))


def angle_grad(y: Any, x: Any) -> Any:
    r = x**2 + y**2
    return x / r, -y / r


PAIRS.add(
    "atan2 with its two gradients exchanged",
    "swapped",
    angle,
    wrong=lambda y, x: angle_grad(y, x)[::-1],
    right=angle_grad,
    inputs={"y": Y, "x": X},
    wrt=("y", "x"),
    source="github.com/getkeops/keops/pull/155",
)
PAIRS.add(
    "atan2 turned the other way",
    "sign",
    angle,
    wrong=lambda y, x: (-x / (x**2 + y**2), y / (x**2 + y**2)),
    right=angle_grad,
    inputs={"y": Y, "x": X},
    wrt=("y", "x"),
    source="github.com/EnzymeAD/Enzyme-JAX/pull/2066",
)
PAIRS.add(
    "subtraction that adds to both",
    "sign",
    lambda a, b: a - b,
    wrong=lambda a, b, g: (g, g),
    right=lambda a, b, g: (g, -g),
    inputs={"a": X, "b": Y},
    wrt=("a", "b"),
    of="vjp",
    source="github.com/KhawajaAbaid/micrograd_c/issues/1",
)


def log_add(a: Any, b: Any) -> Any:
    return np.logaddexp(a, b)


def log_add_backward(a: Any, b: Any, g: Any) -> Any:
    out = np.logaddexp(a, b)
    return g * np.exp(a - out), g * np.exp(b - out)


PAIRS.add(
    "logaddexp with its weights exchanged",
    "swapped",
    log_add,
    wrong=lambda a, b, g: log_add_backward(b, a, g),
    right=log_add_backward,
    inputs={"a": X, "b": Y},
    wrt=("a", "b"),
    of="vjp",
)


def larger(a: Any, b: Any) -> Any:
    return np.sum(np.maximum(a, b) ** 2)


PAIRS.add(
    "maximum whose branches are exchanged",
    "swapped",
    larger,
    wrong=lambda a, b: (2 * b * (b > a), 2 * a * (a > b)),
    right=lambda a, b: (2 * a * (a > b), 2 * b * (b > a)),
    inputs={"a": X, "b": Y},
    wrt=("a", "b"),
)


def conic(c: Any, d: Any) -> Any:
    return np.exp(-0.5 * (c[0] * d[0] ** 2 + c[2] * d[1] ** 2) - c[1] * d[0] * d[1])


PAIRS.add(
    "quotient without the derivative of its denominator",
    "missing_path",
    lambda x: np.sum(np.sin(x) / x),
    wrong=lambda x: np.cos(x) / x,
    right=lambda x: np.cos(x) / x - np.sin(x) / x**2,
    inputs=(X,),
)
PAIRS.add(
    "density in a conic with half of its cross term",
    "factor",
    conic,
    wrong=lambda c, d: conic(c, d) * np.stack([-0.5 * d[0] ** 2, -0.5 * d[0] * d[1], -0.5 * d[1] ** 2]),
    right=lambda c, d: conic(c, d) * np.stack([-0.5 * d[0] ** 2, -d[0] * d[1], -0.5 * d[1] ** 2]),
    inputs={"c": X, "d": Y[:2]},
    wrt="c",
    source="github.com/graphdeco-inria/diff-gaussian-rasterization/pull/64",
)


def with_shared_square(x: Any) -> Any:
    u = x * x
    return np.sum(u + u * u)


def shared_square_visited_twice(x: Any) -> Any:
    u = x * x
    first = np.ones(3)
    both = first + 2 * u
    return 2 * x * first + 2 * x * both


PAIRS.add(
    "a shared node sent back once for each of its uses",
    "factor",
    with_shared_square,
    wrong=shared_square_visited_twice,
    right=lambda x: 2 * x * (1 + 2 * x**2),
    inputs=(Y,),
    source="github.com/karpathy/micrograd/issues/2",
)
