"""Identities between real functions: left, right, and whether they hold for positive arguments only."""

# ruff: noqa: E501  (tables)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

Function = Callable[..., Any]
exp, log, sqrt, pi = np.exp, np.log, np.sqrt, np.pi


def softmax(x: Any) -> Any:
    return exp(x) / exp(x).sum()


REWRITINGS: dict[str, tuple[Function, Function, bool]] = {
    "log exp": (lambda x: log(exp(x)), lambda x: x, False),
    "exp 2x": (lambda x: exp(2 * x), lambda x: exp(x) ** 2, False),
    "exp x exp -x": (lambda x: exp(x) * exp(-x), np.ones_like, False),
    "tanh": (np.tanh, lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)), False),
    "tanh again": (np.tanh, lambda x: 2 / (1 + exp(-2 * x)) - 1, False),
    "modulus": (np.abs, lambda x: np.maximum(x, 0) + np.maximum(-x, 0), False),
    "root of a square": (lambda x: sqrt(x**2), np.abs, False),
    "sigmoid": (lambda x: 1 / (1 + exp(-x)), lambda x: exp(x) / (1 + exp(x)), False),
    "sigmoid by tanh": (lambda x: 1 / (1 + exp(-x)), lambda x: (1 + np.tanh(x / 2)) / 2, False),
    "slope of sigmoid": (lambda x: exp(-x) / (1 + exp(-x)) ** 2, lambda x: special.expit(x) * special.expit(-x), False),
    "softplus": (lambda x: np.logaddexp(0, x), lambda x: np.maximum(x, 0) + np.log1p(exp(-np.abs(x))), False),
    "softmax shifted": (softmax, lambda x: softmax(x - x.max()), False),
    "log-softmax": (lambda x: log(softmax(x)), lambda x: x - log(exp(x).sum()), False),
    "log-sum-exp": (lambda x: x * 0 + log(exp(x).sum()), lambda x: x * 0 + x.max() + log(exp(x - x.max()).sum()), False),
    "square": (lambda x: (x + 1) ** 2, lambda x: x * x + 2 * x + 1, False),
    "cube": (lambda x: (x - 1) * (x * x + x + 1), lambda x: x**3 - 1, False),
    "variance": (lambda x: 0 * x + x.var(), lambda x: 0 * x + (x**2).mean() - x.mean() ** 2, False),
    "clip": (lambda x: np.clip(x, 0, 6), lambda x: np.maximum(x, 0) - np.maximum(x - 6, 0), False),
    "relu by modulus": (lambda x: np.maximum(x, 0), lambda x: (x + np.abs(x)) / 2, False),
    "relu by a branch": (lambda x: np.maximum(x, 0), lambda x: np.where(x >= 0, x, 0), False),
    "minimum": (lambda x: np.minimum(x, x[::-1]), lambda x: x + x[::-1] - np.maximum(x, x[::-1]), False),
    "cosh and sinh": (lambda x: np.cosh(x) ** 2 - np.sinh(x) ** 2, np.ones_like, False),
    "cosh": (np.cosh, lambda x: (exp(x) + exp(-x)) / 2, False),
    "Pythagoras": (lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, np.ones_like, False),
    "cube of a cube root": (lambda x: np.cbrt(x) ** 3, lambda x: x, False),
    "large and back": (lambda x: (x + 1e20) - 1e20, lambda x: x, False),
    "tiny and back": (lambda x: (x * 1e-30) * 1e30, lambda x: x, False),
    "thirds": (lambda x: x / 3 + x / 6, lambda x: 0.5 * x, False),
    "a rounded constant": (lambda x: (1 - 0.9) * x, lambda x: 0.1 * x, False),
    "two roots of two": (lambda x: np.sqrt(2) * np.sqrt(2) * x, lambda x: 2 * x, False),
    "sine of pi": (lambda x: x + np.sin(np.pi), lambda x: x, False),
    "reversed twice": (lambda x: x[::-1][::-1], lambda x: x, False),
    "sum of products": (lambda x: x * x.sum(), lambda x: np.outer(x, x).sum(1), False),
    "mean of squares": (lambda x: 0 * x + x @ x, lambda x: 0 * x + (x**2).sum(), False),
    "trace of a product": (lambda x: 0 * x + np.trace(np.outer(x, x)), lambda x: 0 * x + x @ x, False),
    "cumulated": (np.cumsum, lambda x: np.tri(x.shape[0]) @ x, False),
    "erf": (lambda x: special.erfc(x), lambda x: 1 - special.erf(x), False),
    "GELU": (lambda x: x * special.ndtr(x), lambda x: 0.5 * x * (1 + special.erf(x / sqrt(2))), False),
    "arcsinh": (lambda x: np.arcsinh(x), lambda x: log(x + sqrt(x**2 + 1)), False),
    "double angle": (lambda x: np.sin(2 * x), lambda x: 2 * np.sin(x) * np.cos(x), False),
    "arctan of a reciprocal": (lambda x: np.arctan(1 / x), lambda x: pi / 2 - np.arctan(x), True),
    "exp log": (lambda x: exp(log(x)), lambda x: x, True),
    "log of a square": (lambda x: log(x**2), lambda x: 2 * log(x), True),
    "root of a root": (lambda x: sqrt(sqrt(x)), lambda x: x**0.25, True),
    "power of a power": (lambda x: (x**0.5) ** 3, lambda x: x**1.5, True),
    "quotient": (lambda x: 1 / (1 + 1 / x), lambda x: x / (1 + x), True),
    "log of a quotient": (lambda x: log(x / (1 + x)), lambda x: log(x) - log(1 + x), True),
}  # fmt: skip

# positive for every argument
POSITIVE: dict[str, Function] = {
    "exp": exp,
    "1 + x^2": lambda x: 1 + x**2,
    "softplus": lambda x: np.logaddexp(0, x),
    "1/2 + |x|": lambda x: 0.5 + np.abs(x),
}
ADDITIVE: dict[str, Function] = {
    "+": lambda u, v: u + v,
    "-": lambda u, v: u - v,
    "*": lambda u, v: u * v,
    "+ half": lambda u, v: u + v / 2,
}
