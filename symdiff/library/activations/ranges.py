"""How low do gates go, how far are the two forms of GELU apart, how do logarithms lie? Proved.

A tail is covered as far as floats go, to |x| = 2^1024.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy import special

from symdiff.library import Array
from symdiff.library.activations.exponential import LOG_SIGMOID, SOFTPLUS, log_sigmoid, softplus
from symdiff.library.activations.gated import (
    CUBIC,
    GELU,
    GELU_TANH,
    MISH,
    ROOT,
    SILU,
    gelu,
    gelu_tanh,
    mish,
    silu,
)
from symdiff.library.bounds import bounded
from symdiff.library.maxima import Peak, greatest
from symdiff.library.signs import all_of, positive, same
from symdiff.verdicts import Verdict

X = {"x": "n"}


@SILU.fact("its least value is -0.27846..., at x = -1.27846...")
def silu_least() -> Verdict:
    """-silu is largest there."""
    return _least(lambda x: -silu(x), -1.278, "silu")


@MISH.fact("its least value is -0.30884..., at x = -1.19245...")
def mish_least() -> Verdict:
    """-mish is largest there."""
    return _least(lambda x: -mish(x), -1.192, "mish")


@GELU.fact("its least value is -0.16997..., at x = -0.75179...")
def gelu_least() -> Verdict:
    """-gelu is largest there."""
    return _least(lambda x: -gelu(x), -0.752, "gelu")


def _least(mirrored: Array, near: float, name: str) -> Verdict:
    return told(f"the least value of {name} is -", greatest(mirrored, (None, None), near))


def told(what: str, peak: Peak) -> Verdict:
    """The verdict of a peak, with the digits that are certain in the question."""
    return replace(peak.verdict, question=f"{what}{peak.value.digits} at x = {peak.place.digits}")


@GELU.fact("its slope lies between -0.13 and 1.13: it can reverse a cotangent")
def gelu_slopes() -> Verdict:
    """Extremes at -sqrt(2) and sqrt(2), where (2 - x^2) phi(x) vanishes."""
    return bounded(gelu, order=1, above=-0.13, below=1.13)


@GELU.fact("gelu(x) - gelu(-x) = x")
def gelu_parts() -> Verdict:
    """Its odd part is x / 2, its even part x erf(x / sqrt(2)) / 2."""
    return same(lambda x: gelu(x) - gelu(-x), lambda x: x, X)


def gelu_gap(x: Array) -> Array:
    """The exact form minus the tanh form, as a difference of what is missing to x."""
    u = ROOT * (x + CUBIC * x**3)
    return x * (special.expit(-2 * u) - special.erfc(x / math.sqrt(2)) / 2)


@GELU_TANH.fact(
    "it lies at most 4.7324e-4 above GELU, at |x| = 2.69894..., and at most 2.3368e-4 below, at |x| = 1.3645..."
)
def gelu_forms() -> Verdict:
    """The gap is even, and largest in size where it is negative or positive."""
    equal = same(lambda x: gelu(x) - gelu_tanh(x), gelu_gap, X)
    even = same(gelu_gap, lambda x: gelu_gap(-x), X)
    low = told("gelu - gelu_tanh is least with -", greatest(lambda x: -gelu_gap(x), (0, None), 2.7))
    high = told("greatest with ", greatest(gelu_gap, (0, None), 1.36))
    return all_of(f"{low.question}, {high.question}, and even", low, high, equal, even)


@SOFTPLUS.fact("it is positive and above ReLU: softplus(x) - x = softplus(-x)")
def softplus_above() -> Verdict:
    """Positive everywhere, so that it lies above 0 and above x."""
    low = positive(softplus, lambda x: np.log(1 + np.exp(x)))
    return all_of("softplus(x) > max(0, x)", same(lambda x: softplus(x) - x, lambda x: softplus(-x), X), low)


@LOG_SIGMOID.fact("it is minus the softplus of -x")
def log_sigmoid_is_softplus() -> Verdict:
    """One function, mirrored twice."""
    return same(log_sigmoid, lambda x: -softplus(-x), X)
