"""Activations that gate their input: SiLU (swish), Mish, and GELU in both forms."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from symdiff.library import Array, Entry, Names

# SiLU -------------------------------------------------------------------------------------------------------


def silu(x: Array) -> Array:
    """``x s(x)`` with the sigmoid s; also called swish.

    ``x`` : any shape; smooth everywhere; at least -0.2785, which it is at -1.2785.

    >>> float(silu(0.0))
    0.0
    """
    return x * special.expit(x)


SILU = Entry(
    silu,
    "activation",
    {"x": "n"},
    source="Elfwing, Uchibe and Doya (2018); swish: Ramachandran, Zoph and Le (2017)",
    names=Names(
        "torch.nn.functional.silu",
        "jax.nn.silu",
        "keras.activations.silu",
        "jax.nn.swish and keras.activations.swish are the same functions; torch has the class SiLU.",
    ),
)


@SILU.form("textbook")
def silu_textbook(x: Array) -> Array:
    """x / (1 + exp(-x))."""
    return x / (1 + np.exp(-x))


@SILU.derivative
def silu_backward(x: Array, y_bar: Array) -> Array:
    """s (1 + x (1 - s)), with 1 - s as s(-x)."""
    return y_bar * special.expit(x) * (1 + x * special.expit(-x))


@SILU.second
def silu_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """s (1 - s) (2 + x (1 - 2 s))."""
    return y_bar * v * special.expit(x) * special.expit(-x) * (2 - x * np.tanh(x / 2))


@SILU.mistake("missing_path")
def silu_with_the_gate_alone(x: Array, y_bar: Array) -> Array:
    """The sigmoid, without x times its derivative."""
    return y_bar * special.expit(x)


# Mish -------------------------------------------------------------------------------------------------------


def mish(x: Array) -> Array:
    """``x tanh(log(1 + exp(x)))``.

    ``x`` : any shape; smooth everywhere; at least -0.3089, which it is at -1.1925.

    >>> float(mish(0.0))
    0.0
    """
    return x * np.tanh(np.logaddexp(x, 0))


MISH = Entry(
    mish,
    "activation",
    {"x": "n"},
    source="Misra (2019)",
    names=Names("torch.nn.functional.mish", "jax.nn.mish", "keras.activations.mish"),
)


@MISH.derivative
def mish_backward(x: Array, y_bar: Array) -> Array:
    """t + x s (1 - t^2), with t = tanh(softplus(x)) and the sigmoid s."""
    s, t = special.expit(x), np.tanh(np.logaddexp(x, 0))
    return y_bar * (t + x * s * (1 - t**2))


@MISH.second
def mish_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """s (1 - t^2) (2 + x (1 - s - 2 t s))."""
    s, twice = special.expit(x), 2 * np.logaddexp(x, 0)
    bell = 4 * s * special.expit(twice) * special.expit(-twice)
    return y_bar * v * (2 * bell + x * bell * (1 - s - 2 * np.tanh(twice / 2) * s))


@MISH.mistake("chain")
def mish_without_the_inner_derivative(x: Array, y_bar: Array) -> Array:
    """The derivative of softplus, the sigmoid, is forgotten."""
    t = np.tanh(np.logaddexp(x, 0))
    return y_bar * (t + x * (1 - t**2))


# GELU -------------------------------------------------------------------------------------------------------


def gelu(x: Array) -> Array:
    """``x Phi(x)`` with the normal distribution function ``Phi(x) = (1 + erf(x / sqrt(2))) / 2``.

    ``x`` : any shape; smooth everywhere; its least value is -0.16997, at -0.7518.

    >>> round(float(gelu(1.0)), 6)
    0.841345
    """
    return x * special.ndtr(x)


GELU = Entry(
    gelu,
    "activation",
    {"x": "n"},
    source="Hendrycks and Gimpel (2016), equation 1",
    notes="1.1.6",
    names=Names(
        "torch.nn.functional.gelu",
        "jax.nn.gelu",
        "keras.activations.gelu",
        "torch and Keras compute this form by default; jax.nn.gelu computes the tanh form unless approximate=False.",
    ),
)


@GELU.form("textbook")
def gelu_textbook(x: Array) -> Array:
    """x (1 + erf(x / sqrt(2))) / 2, as frameworks print it."""
    return x * (1 + special.erf(x / math.sqrt(2))) / 2


def normal_density(x: Array) -> Array:
    """``phi(x) = exp(-x^2 / 2) / sqrt(2 pi)``."""
    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


@GELU.derivative
def gelu_backward(x: Array, y_bar: Array) -> Array:
    """Phi(x) + x phi(x)."""
    return y_bar * (special.ndtr(x) + x * normal_density(x))


@GELU.second
def gelu_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """(2 - x^2) phi(x)."""
    density = normal_density(x)
    return y_bar * v * (2 * density - x * (x * density))


@GELU.mistake("missing_path")
def gelu_without_the_density(x: Array, y_bar: Array) -> Array:
    """Phi(x) alone: x phi(x) is forgotten."""
    return y_bar * special.ndtr(x)


ROOT = math.sqrt(2 / math.pi)
CUBIC = 0.044715


def gelu_tanh(x: Array) -> Array:
    """``x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2``, which approximates GELU.

    ``x`` : any shape; smooth everywhere; differs from GELU by at most 4.74e-4.

    >>> round(float(gelu_tanh(1.0)), 6)
    0.841192
    """
    return x * special.expit(2 * ROOT * (x + CUBIC * x**3))


GELU_TANH = Entry(
    gelu_tanh,
    "activation",
    {"x": "n"},
    source="Hendrycks and Gimpel (2016), the approximation after equation 1",
    notes="1.1.6",
    names=Names(
        "torch.nn.functional.gelu",
        "jax.nn.gelu",
        "keras.activations.gelu",
        'With approximate="tanh" in torch and approximate=True in Keras; it is what jax.nn.gelu computes by default.',
    ),
)


@GELU_TANH.form("textbook")
def gelu_tanh_textbook(x: Array) -> Array:
    """As printed: 1 + tanh loses the digits of a small gate."""
    return x * (1 + np.tanh(ROOT * (x + CUBIC * x**3))) / 2


@GELU_TANH.derivative
def gelu_tanh_backward(x: Array, y_bar: Array) -> Array:
    """g + x g (1 - g) 2 u'(x), with the gate g = s(2 u) and u = sqrt(2 / pi) (x + 0.044715 x^3)."""
    u = ROOT * (x + CUBIC * x**3)
    g = special.expit(2 * u)
    bell = x * (g * special.expit(-2 * u))  # times x first: what is 0 stays 0 where x^2 overflows
    return y_bar * (g + 2 * ROOT * (bell + 3 * CUBIC * (x * (x * bell))))


@GELU_TANH.second
def gelu_tanh_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """g (1 - g) (4 u' + x (2 u'' + 4 u'^2 (1 - 2 g))), in powers of x times g (1 - g)."""
    u = ROOT * (x + CUBIC * x**3)
    g, rest = special.expit(2 * u), special.expit(-2 * u)
    first = x * (g * rest)
    second, third = x * first, x * (x * first)
    even = g * rest + 6 * CUBIC * second
    odd = first + 3 * CUBIC * (2 * third + 3 * CUBIC * (x * (x * third)))
    return y_bar * v * 4 * (ROOT * even + ROOT**2 * odd * (rest - g))


@GELU_TANH.mistake("factor")
def gelu_tanh_without_the_three(x: Array, y_bar: Array) -> Array:
    """The derivative of x^3 as x^2."""
    u = ROOT * (x + CUBIC * x**3)
    g, rest = special.expit(2 * u), special.expit(-2 * u)
    return y_bar * g * (1 + 2 * x * rest * ROOT * (1 + CUBIC * x**2))
