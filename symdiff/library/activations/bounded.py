"""Activations cut off by straight lines: hardtanh, ReLU6, hard sigmoid, hard swish."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry, Names


def hardtanh(x: Array) -> Array:
    """``min(max(x, -1), 1)``.

    ``x`` : any shape; kinks at -1 and 1; values in [-1, 1].

    >>> hardtanh(np.array([-2.0, 0.5, 3.0]))
    array([-1. ,  0.5,  1. ])
    """
    return np.clip(x, -1, 1)


HARDTANH = Entry(
    hardtanh,
    "activation",
    {"x": "n"},
    source="Collobert (2004)",
    names=Names(
        "torch.nn.functional.hardtanh",
        "jax.nn.hard_tanh",
        "keras.activations.hard_tanh",
        "torch takes other bounds as settings, min_val and max_val.",
    ),
    kinks="x = -1 and x = 1: slopes from 0 to 1",
)


@HARDTANH.derivative
def hardtanh_backward(x: Array, y_bar: Array) -> Array:
    """y_bar where |x| < 1, else 0."""
    return np.where(np.abs(x) < 1, y_bar, 0)


@HARDTANH.second
def hardtanh_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """0 between the kinks."""
    return np.zeros_like(x)


@HARDTANH.mistake("threshold")
def hardtanh_open_below(x: Array, y_bar: Array) -> Array:
    """x < 1: only the upper bound is looked at."""
    return np.where(x < 1, y_bar, 0)


def relu6(x: Array) -> Array:
    """``min(max(x, 0), 6)``.

    ``x`` : any shape; kinks at 0 and 6; values in [0, 6].

    >>> relu6(np.array([-2.0, 3.0, 8.0]))
    array([0., 3., 6.])
    """
    return np.clip(x, 0, 6)


RELU6 = Entry(
    relu6,
    "activation",
    {"x": "n"},
    source="Krizhevsky (2010)",
    names=Names(
        "torch.nn.functional.relu6",
        "jax.nn.relu6",
        "keras.activations.relu6",
        "torch and JAX take 0 as the derivative at both kinks.",
    ),
    kinks="x = 0 and x = 6: slopes from 0 to 1",
)


@RELU6.derivative
def relu6_backward(x: Array, y_bar: Array) -> Array:
    """y_bar where 0 < x < 6, else 0."""
    return np.where((x > 0) & (x < 6), y_bar, 0)


@RELU6.second
def relu6_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """0 between the kinks."""
    return np.zeros_like(x)


@RELU6.mistake("threshold")
def relu6_as_relu(x: Array, y_bar: Array) -> Array:
    """The derivative of ReLU, which goes on above 6."""
    return np.where(x > 0, y_bar, 0)


def hard_sigmoid(x: Array) -> Array:
    """``min(max(x + 3, 0), 6) / 6``.

    ``x`` : any shape; kinks at -3 and 3; values in [0, 1].

    >>> float(hard_sigmoid(0.0))
    0.5
    """
    return np.clip(x + 3, 0, 6) / 6


HARD_SIGMOID = Entry(
    hard_sigmoid,
    "activation",
    {"x": "n"},
    source="Courbariaux, Bengio and David (2015), with the slope 1/6 of Howard et al. (2019)",
    names=Names(
        "torch.nn.functional.hardsigmoid",
        "jax.nn.hard_sigmoid",
        "keras.activations.hard_sigmoid",
        "The slope is 1/6 in all three; Keras 2 had 0.2 x + 0.5. The gradient of torch 2.13 on the CPU takes 1/6 in "
        "single precision also for float64: it is 3e-8 off, relatively.",
    ),
    kinks="x = -3 and x = 3: slopes from 0 to 1/6",
)


@HARD_SIGMOID.derivative
def hard_sigmoid_backward(x: Array, y_bar: Array) -> Array:
    """y_bar / 6 where |x| < 3, else 0."""
    return np.where(np.abs(x) < 3, y_bar / 6, 0)


@HARD_SIGMOID.second
def hard_sigmoid_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """0 between the kinks."""
    return np.zeros_like(x)


@HARD_SIGMOID.mistake("factor")
def hard_sigmoid_without_the_slope(x: Array, y_bar: Array) -> Array:
    """1 between the kinks instead of 1/6."""
    return np.where(np.abs(x) < 3, y_bar, 0)


def hard_swish(x: Array) -> Array:
    """``x min(max(x + 3, 0), 6) / 6``.

    ``x`` : any shape; kinks at -3 and 3; 0 below -3, x above 3.

    >>> float(hard_swish(3.0))
    3.0
    """
    return x * (np.clip(x + 3, 0, 6) / 6)


HARD_SWISH = Entry(
    hard_swish,
    "activation",
    {"x": "n"},
    source="Howard et al. (2019)",
    names=Names("torch.nn.functional.hardswish", "jax.nn.hard_swish", "keras.activations.hard_swish"),
    kinks="x = -3: slopes from -1/2 to 0; x = 3: slopes from 1 to 3/2",
)


@HARD_SWISH.derivative
def hard_swish_backward(x: Array, y_bar: Array) -> Array:
    """(2 x + 3) / 6 between the kinks, 0 below, 1 above."""
    return y_bar * np.where(x <= -3, 0, np.where(x < 3, (2 * x + 3) / 6, 1))


@HARD_SWISH.second
def hard_swish_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """1/3 between the kinks, else 0."""
    return np.where(np.abs(x) < 3, y_bar * v / 3, 0)


@HARD_SWISH.mistake("missing_path")
def hard_swish_with_the_gate_alone(x: Array, y_bar: Array) -> Array:
    """The gate, without x times its derivative."""
    return y_bar * np.clip(x + 3, 0, 6) / 6
