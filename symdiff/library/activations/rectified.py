"""Activations that rectify: ReLU, its leaky relatives, and those that are bounded by straight lines."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Case, Entry, Names

# ReLU -------------------------------------------------------------------------------------------------------


def relu(x: Array) -> Array:
    """The rectifier, ``max(0, x)``.

    ``x`` : any shape; linear on both sides of its kink at 0, where any slope in [0, 1] is a subgradient.

    >>> relu(np.array([-2.0, 3.0]))
    array([0., 3.])
    """
    return np.maximum(x, 0)


RELU = Entry(
    relu,
    "activation",
    {"x": "n"},
    source="Fukushima (1969); Nair and Hinton (2010)",
    notes="1.1.3",
    names=Names(
        "torch.nn.functional.relu",
        "jax.nn.relu",
        "keras.activations.relu",
        "torch and JAX take 0 as the derivative at 0; keras.activations.relu has a slope and a ceiling as settings.",
    ),
    kinks="x = 0: slopes from 0 to 1",
)


@RELU.derivative
def relu_backward(x: Array, y_bar: Array) -> Array:
    """y_bar where x > 0, else 0."""
    return np.where(x > 0, y_bar, 0)


@RELU.second
def relu_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """0 on both sides of the kink."""
    return np.zeros_like(x)


@RELU.mistake("threshold")
def relu_masked_by_the_cotangent(x: Array, y_bar: Array) -> Array:
    """The mask from the sign of the cotangent instead of the input's."""
    return np.where(y_bar > 0, y_bar, 0)


@RELU.mistake("upstream")
def relu_without_the_cotangent(x: Array, y_bar: Array) -> Array:
    """The mask alone."""
    return np.where(x > 0, 1.0, 0.0)


# Leaky ReLU -------------------------------------------------------------------------------------------------


def leaky_relu(x: Array, *, alpha: Array = 0.01) -> Array:
    """``x`` where x > 0, ``alpha x`` elsewhere.

    ``x`` : any shape; ``alpha`` : the slope on the left, a number. A kink at 0 unless alpha = 1.

    >>> leaky_relu(np.array([-2.0, 3.0]), alpha=0.5)
    array([-1.,  3.])
    """
    return np.where(x > 0, x, alpha * x)


LEAKY_RELU = Entry(
    leaky_relu,
    "activation",
    (Case({"x": "n", "alpha": ""}), Case({"x": "n"}, {"alpha": 0.01}), Case({"x": "n"}, {"alpha": 0.2})),
    source="Maas, Hannun and Ng (2013)",
    notes="1.1.4",
    names=Names(
        "torch.nn.functional.leaky_relu",
        "jax.nn.leaky_relu",
        "keras.activations.leaky_relu",
        "The slope is called negative_slope in torch, JAX and Keras 3; torch and JAX take 0.01 by default, "
        "Keras 3 takes 0.2 as a function and 0.3 as the layer LeakyReLU. At 0 torch takes the slope alpha, JAX 1.",
    ),
    kinks="x = 0: slopes from alpha to 1",
)


@LEAKY_RELU.derivative
def leaky_relu_backward(x: Array, y_bar: Array, *, alpha: Array = 0.01) -> Array:
    """y_bar where x > 0, else alpha y_bar."""
    return np.where(x > 0, y_bar, alpha * y_bar)


@LEAKY_RELU.second
def leaky_relu_curvature(x: Array, y_bar: Array, v: Array, *, alpha: Array = 0.01) -> Array:
    """0 on both sides of the kink."""
    return np.zeros_like(x)


@LEAKY_RELU.mistake("missing_path")
def leaky_relu_as_if_it_did_not_leak(x: Array, y_bar: Array, *, alpha: Array = 0.01) -> Array:
    """The derivative of ReLU, which is right for alpha = 0 only."""
    return np.where(x > 0, y_bar, 0)


# PReLU ------------------------------------------------------------------------------------------------------


def prelu(x: Array, a: Array) -> Array:
    """``x`` where x > 0, ``a x`` elsewhere, with a learned slope for each channel.

    ``x`` : n c; ``a`` : c. A kink at x = 0 unless a = 1; linear in ``a``.

    >>> prelu(np.array([[-2.0, -2.0]]), np.array([0.5, 0.25]))
    array([[-1. , -0.5]])
    """
    return np.where(x > 0, x, a * x)


PRELU = Entry(
    prelu,
    "activation",
    {"x": "n c", "a": "c"},
    source="He, Zhang, Ren and Sun (2015), equations 1 and 3",
    notes="1.1.4",
    names=Names(
        "torch.nn.functional.prelu",
        "",
        "keras.layers.PReLU",
        "torch has the channels in axis 1, one slope each or one for all; keras has a slope for every entry of an "
        "example unless shared_axes says otherwise.",
    ),
    wrt=("x", "a"),
    kinks="x = 0: slopes from a to 1",
)


@PRELU.derivative
def prelu_backward(x: Array, a: Array, y_bar: Array) -> tuple[Array, Array]:
    """Of x: y_bar where x > 0, else a y_bar. Of a: the sum of y_bar x over the batch, where x <= 0."""
    return np.where(x > 0, y_bar, a * y_bar), np.sum(np.where(x > 0, 0, y_bar * x), axis=0)


@PRELU.second
def prelu_curvature(x: Array, a: Array, y_bar: Array, v: tuple[Array, Array]) -> tuple[Array, Array]:
    """The mixed derivative alone: y_bar where x <= 0."""
    dx, da = v
    return np.where(x > 0, 0, y_bar * da), np.sum(np.where(x > 0, 0, y_bar * dx), axis=0)


@PRELU.mistake("missing_reduction")
def prelu_without_the_sum_over_the_batch(x: Array, a: Array, y_bar: Array) -> tuple[Array, Array]:
    """The gradient by the slopes is left in the shape of x."""
    return np.where(x > 0, y_bar, a * y_bar), np.where(x > 0, 0, y_bar * x)


# The identity -----------------------------------------------------------------------------------------------


def identity(x: Array) -> Array:
    """``x`` itself: the activation of a layer without one.

    ``x`` : any shape; linear.

    >>> float(identity(2.5))
    2.5
    """
    return x


IDENTITY = Entry(
    identity,
    "activation",
    {"x": "n"},
    source="Rosenblatt (1958); the linear unit of Widrow and Hoff (1960)",
    names=Names("torch.nn.Identity", "jax.nn.identity", "keras.activations.linear"),
)


@IDENTITY.derivative
def identity_backward(x: Array, y_bar: Array) -> Array:
    """y_bar."""
    return y_bar


@IDENTITY.second
def identity_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """0."""
    return np.zeros_like(x)


@IDENTITY.mistake("upstream")
def identity_without_the_cotangent(x: Array, y_bar: Array) -> Array:
    """1, as if nothing came from above."""
    return np.ones_like(x)
