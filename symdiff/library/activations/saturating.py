"""Activations that saturate on both sides: sigmoid, tanh and softsign."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.library import Array, Entry, Names

# The logistic sigmoid ---------------------------------------------------------------------------------------


def sigmoid(x: Array) -> Array:
    r"""The logistic sigmoid, ``s(x) = 1 / (1 + exp(-x))``.

    ``x`` : any shape; smooth everywhere; values in (0, 1). In double precision it is 0 below -746 and 1
    above 37.

    >>> float(sigmoid(0.0)), float(sigmoid(-1000.0))
    (0.5, 0.0)
    """
    return special.expit(x)


SIGMOID = Entry(
    sigmoid,
    "activation",
    {"x": "n"},
    source="Verhulst (1845)",
    notes="1.1.1",
    names=Names("torch.nn.functional.sigmoid", "jax.nn.sigmoid", "keras.activations.sigmoid"),
)


@SIGMOID.form("textbook")
def sigmoid_textbook(x: Array) -> Array:
    """1 / (1 + exp(-x)), as printed."""
    return 1 / (1 + np.exp(-x))


@SIGMOID.form("both signs")
def sigmoid_by_sign(x: Array) -> Array:
    """exp(-|x|) in both branches, so that nothing overflows."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


@SIGMOID.derivative
def sigmoid_backward(x: Array, y_bar: Array) -> Array:
    """s' = s(x) s(-x), which keeps its digits for large x."""
    return y_bar * sigmoid(x) * sigmoid(-x)


@SIGMOID.derivative(label="from the output")
def sigmoid_backward_from_output(x: Array, y_bar: Array) -> Array:
    """s' = s (1 - s)."""
    s = sigmoid(x)
    return y_bar * s * (1 - s)


@SIGMOID.derivative(label="textbook")
def sigmoid_backward_textbook(x: Array, y_bar: Array) -> Array:
    """s' = exp(-x) / (1 + exp(-x))^2."""
    return y_bar * np.exp(-x) / (1 + np.exp(-x)) ** 2


@SIGMOID.second
def sigmoid_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """s'' = s (1 - s) (1 - 2 s) = -s(x) s(-x) tanh(x / 2)."""
    return -y_bar * sigmoid(x) * sigmoid(-x) * np.tanh(x / 2) * v


@SIGMOID.mistake("stale")
def sigmoid_of_the_preactivation(x: Array, y_bar: Array) -> Array:
    """x (1 - x): the rule for the output, applied to the input."""
    return y_bar * x * (1 - x)


@SIGMOID.mistake("chain", order=2)
def sigmoid_curvature_stopped_early(x: Array, y_bar: Array, v: Array) -> Array:
    """s (1 - s) again: the factor 1 - 2 s forgotten."""
    s = sigmoid(x)
    return y_bar * s * (1 - s) * v


# The hyperbolic tangent -------------------------------------------------------------------------------------


def tanh(x: Array) -> Array:
    """The hyperbolic tangent, ``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``.

    ``x`` : any shape; smooth everywhere; odd, with values in (-1, 1), which floats round to 1 above 19.1.

    >>> float(tanh(0.0))
    0.0
    """
    return np.tanh(x)


TANH = Entry(
    tanh,
    "activation",
    {"x": "n"},
    source="Lambert (1768); as an activation LeCun et al. (1998)",
    notes="1.1.2",
    names=Names("torch.nn.functional.tanh", "jax.nn.tanh", "keras.activations.tanh"),
)


@TANH.form("textbook")
def tanh_textbook(x: Array) -> Array:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), as printed."""
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


@TANH.form("through the sigmoid")
def tanh_by_sigmoid(x: Array) -> Array:
    """2 s(2 x) - 1."""
    return 2 * sigmoid(2 * x) - 1


@TANH.derivative
def tanh_backward(x: Array, y_bar: Array) -> Array:
    """1 / cosh(x)^2 = 4 s(2 x) s(-2 x), which keeps its digits for large x."""
    return y_bar * 4 * sigmoid(2 * x) * sigmoid(-2 * x)


@TANH.derivative(label="from the output")
def tanh_backward_from_output(x: Array, y_bar: Array) -> Array:
    """1 - tanh(x)^2."""
    return y_bar * (1 - np.tanh(x) ** 2)


@TANH.derivative(label="textbook")
def tanh_backward_textbook(x: Array, y_bar: Array) -> Array:
    """1 / cosh(x)^2."""
    return y_bar / np.cosh(x) ** 2


@TANH.second
def tanh_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """-2 tanh(x) (1 - tanh(x)^2)."""
    return -8 * y_bar * np.tanh(x) * sigmoid(2 * x) * sigmoid(-2 * x) * v


@TANH.mistake("stale")
def tanh_of_the_preactivation(x: Array, y_bar: Array) -> Array:
    """1 - x^2: the rule for the output, applied to the input."""
    return y_bar * (1 - x**2)


@TANH.mistake("wrong_function")
def tanh_with_the_rule_of_the_sigmoid(x: Array, y_bar: Array) -> Array:
    """t (1 - t), which belongs to the sigmoid."""
    t = np.tanh(x)
    return y_bar * t * (1 - t)


# Softsign ---------------------------------------------------------------------------------------------------


def softsign(x: Array) -> Array:
    """``x / (1 + |x|)``.

    ``x`` : any shape; odd, with values in (-1, 1); once differentiable at 0, where its second derivative jumps.

    >>> float(softsign(-1.0))
    -0.5
    """
    return x / (1 + np.abs(x))


SOFTSIGN = Entry(
    softsign,
    "activation",
    {"x": "n"},
    source="Bergstra, Desjardins, Lamblin and Bengio (2009)",
    names=Names("torch.nn.functional.softsign", "jax.nn.soft_sign", "keras.activations.softsign"),
    kinks="x = 0 of the first derivative: the second is -2 on the right and 2 on the left",
)


@SOFTSIGN.derivative
def softsign_backward(x: Array, y_bar: Array) -> Array:
    """1 / (1 + |x|)^2."""
    return y_bar / (1 + np.abs(x)) ** 2


@SOFTSIGN.second
def softsign_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """-2 sign(x) / (1 + |x|)^3."""
    return -2 * y_bar * np.sign(x) / (1 + np.abs(x)) ** 3 * v


@SOFTSIGN.mistake("sign")
def softsign_with_a_minus(x: Array, y_bar: Array) -> Array:
    """-1 / (1 + |x|)^2: the derivative of 1 / (1 + |x|) for x > 0."""
    return -y_bar / (1 + np.abs(x)) ** 2
