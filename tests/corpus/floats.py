"""Right formulas that lose their digits where they are used."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erf, spherical_jn

from corpus import Pairs

PAIRS = Pairs()
C = math.sqrt(2 / math.pi)

# Small inputs -----------------------------------------------------------------------------------------------


def sinc(x: Any) -> Any:
    return np.sum(np.sinc(x / np.pi))


PAIRS.add(
    "sinc by the quotient rule, close to zero",
    "cancellation",
    sinc,
    wrong=lambda x: (np.cos(x) - np.sin(x) / x) / x,
    right=lambda x: -spherical_jn(1, np.asarray(x, dtype=float)),
    inputs=(np.array([1e-7, 0.5]),),
    special="point",
    source="github.com/jax-ml/jax/issues/34139",
)


def half_angle(x: Any) -> Any:
    return np.sum((1 - np.cos(x)) / x**2)


def half_angle_slope(x: Any) -> Any:
    h = np.asarray(x, dtype=float) / 2
    return -spherical_jn(0, h) * spherical_jn(1, h) / 2


PAIRS.add(
    "(1 - cos x)/x^2 by the quotient rule, close to zero",
    "cancellation",
    half_angle,
    wrong=lambda x: (x * np.sin(x) - 2 * (1 - np.cos(x))) / x**3,
    right=half_angle_slope,
    inputs=(np.array([1e-5, 1.5]),),
    special="point",
)


def growth(x: Any) -> Any:
    return np.sum(np.expm1(x) / x)


def growth_slope(x: Any) -> Any:
    """The power series, one Python float at a time."""
    out = []
    for value in x:
        v, term, total = float(value), 0.5, 0.0
        for k in range(60):
            total += (k + 1) * term
            term *= v / (k + 3)
        out.append(total)
    return np.array(out)


PAIRS.add(
    "(exp(x) - 1)/x by the quotient rule, close to zero",
    "cancellation",
    growth,
    wrong=lambda x: (np.exp(x) * (x - 1) + 1) / x**2,
    right=growth_slope,
    inputs=(np.array([1e-7, 0.5]),),
    domain={"x": (0, 4)},
    special="point",
)


# Tails ------------------------------------------------------------------------------------------------------


def gelu_tanh(x: Any) -> Any:
    return np.sum(0.5 * x * (1 + np.tanh(C * (x + 0.044715 * x**3))))


def gelu_tanh_by_tanh(x: Any) -> Any:
    t = np.tanh(C * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t) * (1 + t) * C * (1 + 3 * 0.044715 * x**2)


def gelu_tanh_by_exp(x: Any) -> Any:
    u = C * (x + 0.044715 * x**3)
    s, r = 1 / (1 + np.exp(-2 * u)), 1 / (1 + np.exp(2 * u))
    return s + 2 * x * s * r * C * (1 + 3 * 0.044715 * x**2)


PAIRS.add(
    "GELU by 1 + tanh in its left tail",
    "cancellation",
    gelu_tanh,
    wrong=gelu_tanh_by_tanh,
    right=gelu_tanh_by_exp,
    inputs=(np.array([-8.0, 0.5]),),
    special="point",
    source="github.com/tenstorrent/tt-metal/issues/56517",
)


def gelu(x: Any) -> Any:
    return np.sum(0.5 * x * (1 + erf(x / np.sqrt(2))))


def gelu_by_erf(x: Any) -> Any:
    """Half of one plus erf, and the density, one Python float at a time."""
    values = [float(v) for v in x]
    return np.array(
        [
            0.5 * (1 + math.erf(v / math.sqrt(2))) + v * math.exp(-v * v / 2) / math.sqrt(2 * math.pi)
            for v in values
        ]
    )


def gelu_by_erfc(x: Any) -> Any:
    """Half of erfc, and the density, one Python float at a time."""
    values = [float(v) for v in x]
    return np.array(
        [
            0.5 * math.erfc(-v / math.sqrt(2)) + v * math.exp(-v * v / 2) / math.sqrt(2 * math.pi)
            for v in values
        ]
    )


PAIRS.add(
    "GELU by 1 + erf in its left tail",
    "cancellation",
    gelu,
    wrong=gelu_by_erf,
    right=gelu_by_erfc,
    inputs=(np.array([-8.25, 0.5]),),
    special="point",
    source="github.com/tenstorrent/tt-metal/issues/38643",
)
PAIRS.add(
    "tanh by one minus its square, where it saturates",
    "cancellation",
    lambda x: np.sum(np.tanh(x)),
    wrong=lambda x: 1 - np.tanh(x) ** 2,
    right=lambda x: 1 / np.cosh(x) ** 2,
    inputs=(np.array([20.0, 0.5]),),
    special="point",
)
PAIRS.add(
    "distance to an asymptote",
    "cancellation",
    lambda x: np.sum(np.sqrt(x**2 + 1) - x),
    wrong=lambda x: x / np.sqrt(x**2 + 1) - 1,
    right=lambda x: -1 / (np.sqrt(x**2 + 1) * (np.sqrt(x**2 + 1) + x)),
    inputs=(np.array([1e8, 0.5]),),
    special="point",
)
PAIRS.add(
    "logistic loss of a sure prediction, p - 1",
    "cancellation",
    lambda z: np.sum(np.logaddexp(0, -z)),
    wrong=lambda z: 1 / (1 + np.exp(-z)) - 1,
    right=lambda z: -1 / (1 + np.exp(z)),
    inputs=(np.array([40.0, 0.5]),),
    special="point",
)
