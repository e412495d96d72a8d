"""Activations made of exponentials on one side: ELU, CELU, SELU, softplus and the log of the sigmoid."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.library import Array, Case, Entry, Names

# ELU, CELU, SELU --------------------------------------------------------------------------------------------


def elu(x: Array, *, alpha: Array = 1.0) -> Array:
    """``x`` where x > 0, ``alpha (exp(x) - 1)`` elsewhere.

    ``x`` : any shape; ``alpha`` : a number. A kink at 0 unless alpha = 1, where the second derivative jumps.

    >>> float(elu(-np.inf))
    -1.0
    """
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


ELU = Entry(
    elu,
    "activation",
    (Case({"x": "n", "alpha": ""}), Case({"x": "n"})),
    source="Clevert, Unterthiner and Hochreiter (2016), equation 16",
    names=Names("torch.nn.functional.elu", "jax.nn.elu", "keras.activations.elu"),
    kinks="x = 0: slopes from alpha to 1; with alpha = 1 a jump of the second derivative from 1 to 0",
)


@ELU.form("textbook")
def elu_textbook(x: Array, *, alpha: Array = 1.0) -> Array:
    """exp(x) - 1 as printed."""
    return np.where(x > 0, x, alpha * (np.exp(x) - 1))


@ELU.derivative
def elu_backward(x: Array, y_bar: Array, *, alpha: Array = 1.0) -> Array:
    """1 where x > 0, else alpha exp(x)."""
    return y_bar * np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))


@ELU.second
def elu_curvature(x: Array, y_bar: Array, v: Array, *, alpha: Array = 1.0) -> Array:
    """0 where x > 0, else alpha exp(x)."""
    return y_bar * v * np.where(x > 0, 0, alpha * np.exp(np.minimum(x, 0)))


@ELU.mistake("chain")
def elu_without_alpha(x: Array, y_bar: Array, *, alpha: Array = 1.0) -> Array:
    """exp(x) on the left, which is right for alpha = 1 only."""
    return y_bar * np.where(x > 0, 1, np.exp(np.minimum(x, 0)))


def celu(x: Array, *, alpha: Array = 1.0) -> Array:
    """``x`` where x > 0, ``alpha (exp(x / alpha) - 1)`` elsewhere.

    ``x`` : any shape; ``alpha`` : a positive number. Once differentiable at 0 for every alpha.

    >>> float(celu(-np.inf, alpha=2.0))
    -2.0
    """
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


CELU = Entry(
    celu,
    "activation",
    (Case({"x": "n", "alpha": ""}), Case({"x": "n"}, {"alpha": 0.5})),
    source="Barron (2017), equation 2",
    names=Names("torch.nn.functional.celu", "jax.nn.celu", "keras.activations.celu"),
    domain={"alpha": (0, None)},
    kinks="x = 0 of the first derivative: the second is 1 / alpha on the left and 0 on the right",
)


@CELU.derivative
def celu_backward(x: Array, y_bar: Array, *, alpha: Array = 1.0) -> Array:
    """1 where x > 0, else exp(x / alpha)."""
    return y_bar * np.where(x > 0, 1, np.exp(np.minimum(x, 0) / alpha))


@CELU.second
def celu_curvature(x: Array, y_bar: Array, v: Array, *, alpha: Array = 1.0) -> Array:
    """0 where x > 0, else exp(x / alpha) / alpha."""
    return y_bar * v * np.where(x > 0, 0, np.exp(np.minimum(x, 0) / alpha) / alpha)


@CELU.mistake("assumption")
def celu_with_the_derivative_of_elu(x: Array, y_bar: Array, *, alpha: Array = 1.0) -> Array:
    """exp(x) on the left, which is right for alpha = 1 only."""
    return np.where(x > 0, y_bar, y_bar * np.exp(np.minimum(x, 0)))


SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def selu(x: Array) -> Array:
    """``scale x`` where x > 0, ``scale alpha (exp(x) - 1)`` elsewhere.

    ``x`` : any shape; a kink at 0. ``alpha`` = 1.6733 and ``scale`` = 1.0507 keep mean 0 and variance 1.

    >>> round(float(selu(1.0)), 4)
    1.0507
    """
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))


SELU = Entry(
    selu,
    "activation",
    {"x": "n"},
    source="Klambauer, Unterthiner, Mayr and Hochreiter (2017), equation 2",
    names=Names("torch.nn.functional.selu", "jax.nn.selu", "keras.activations.selu"),
    kinks="x = 0: slopes from scale = 1.0507 to scale alpha = 1.7581",
)


@SELU.derivative
def selu_backward(x: Array, y_bar: Array) -> Array:
    """scale where x > 0, else scale alpha exp(x)."""
    return y_bar * SELU_SCALE * np.where(x > 0, 1, SELU_ALPHA * np.exp(np.minimum(x, 0)))


@SELU.second
def selu_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """0 where x > 0, else scale alpha exp(x)."""
    return y_bar * v * SELU_SCALE * np.where(x > 0, 0, SELU_ALPHA * np.exp(np.minimum(x, 0)))


@SELU.mistake("factor")
def selu_without_the_scale(x: Array, y_bar: Array) -> Array:
    """1 and alpha exp(x): the scale in front is forgotten."""
    return y_bar * np.where(x > 0, 1, SELU_ALPHA * np.exp(np.minimum(x, 0)))


# Softplus and the log of the sigmoid --------------------------------------------------------------------------


def softplus(x: Array) -> Array:
    """``log(1 + exp(x))``.

    ``x`` : any shape; smooth everywhere, positive, convex; its derivative is the sigmoid.

    >>> float(softplus(1000.0))
    1000.0
    """
    return np.logaddexp(x, 0)


SOFTPLUS = Entry(
    softplus,
    "activation",
    {"x": "n"},
    source="Dugas, Bengio, Belisle, Nadeau and Garcia (2001)",
    names=Names(
        "torch.nn.functional.softplus",
        "jax.nn.softplus",
        "keras.activations.softplus",
        "torch has a factor beta and returns x itself where beta x > 20, an error of at most 2.1e-9.",
    ),
)


@SOFTPLUS.form("textbook")
def softplus_textbook(x: Array) -> Array:
    """log(1 + exp(x)), as printed."""
    return np.log(1 + np.exp(x))


@SOFTPLUS.form("shifted")
def softplus_shifted(x: Array) -> Array:
    """max(x, 0) + log1p(exp(-|x|))."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@SOFTPLUS.derivative
def softplus_backward(x: Array, y_bar: Array) -> Array:
    """The sigmoid of x."""
    return y_bar * special.expit(x)


@SOFTPLUS.second
def softplus_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """s(x) s(-x)."""
    return y_bar * special.expit(x) * special.expit(-x) * v


@SOFTPLUS.mistake("stale")
def softplus_from_its_output(x: Array, y_bar: Array) -> Array:
    """The sigmoid of the output instead of the input."""
    return y_bar * special.expit(np.log1p(np.exp(x)))


def log_sigmoid(x: Array) -> Array:
    """``log(1 / (1 + exp(-x)))``.

    ``x`` : any shape; smooth everywhere, negative, concave; minus the softplus of -x.

    >>> float(log_sigmoid(-1000.0))
    -1000.0
    """
    return -np.logaddexp(-x, 0)


LOG_SIGMOID = Entry(
    log_sigmoid,
    "activation",
    {"x": "n"},
    source="Cox (1958), the log-likelihood of a logistic model",
    notes="1.1.1",
    names=Names("torch.nn.functional.logsigmoid", "jax.nn.log_sigmoid", "keras.activations.log_sigmoid"),
)


@LOG_SIGMOID.form("textbook")
def log_sigmoid_textbook(x: Array) -> Array:
    """The logarithm of the sigmoid."""
    return np.log(1 / (1 + np.exp(-x)))


@LOG_SIGMOID.derivative
def log_sigmoid_backward(x: Array, y_bar: Array) -> Array:
    """1 - s(x) = s(-x)."""
    return y_bar * special.expit(-x)


@LOG_SIGMOID.second
def log_sigmoid_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """-s(x) s(-x)."""
    return -y_bar * special.expit(x) * special.expit(-x) * v


@LOG_SIGMOID.mistake("sign")
def log_sigmoid_with_the_derivative_of_softplus(x: Array, y_bar: Array) -> Array:
    """The sigmoid of x, not of -x."""
    return y_bar * special.expit(x)
