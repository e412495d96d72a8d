"""Activations that make probabilities of a row of logits: softmax and its logarithm."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.library import Array, Case, Entry, Names

ROWS = (Case({"x": "k"}), Case({"x": "n k"}), Case({"x": "b n k"}))


def softmax(x: Array) -> Array:
    """``exp(x_i) / sum_j exp(x_j)`` along the last axis.

    ``x`` : ... k, at least one class; smooth everywhere; positive; each row sums to 1, whatever is added to all of it.

    >>> softmax(np.array([0.0, 1e4]))
    array([0., 1.])
    """
    return special.softmax(x, axis=-1)


SOFTMAX = Entry(
    softmax,
    "activation",
    ROWS,
    source="Boltzmann (1868); the name: Bridle (1990)",
    notes="1.1.5",
    names=Names(
        "torch.nn.functional.softmax",
        "jax.nn.softmax",
        "keras.activations.softmax",
        "torch asks for the axis, dim=-1; JAX and Keras take the last one by default.",
    ),
)


@SOFTMAX.form("textbook")
def softmax_textbook(x: Array) -> Array:
    """As printed, without the shift by the maximum."""
    e = np.exp(x)
    return e / np.sum(e, axis=-1, keepdims=True)


@SOFTMAX.derivative
def softmax_backward(x: Array, y_bar: Array) -> Array:
    """p (y_bar - sum_j y_bar_j p_j): the Jacobian diag(p) - p p', which is not formed."""
    p = softmax(x)
    return p * (y_bar - np.sum(y_bar * p, axis=-1, keepdims=True))


@SOFTMAX.second
def softmax_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """With the mean <a> = sum_j a_j p_j: p ((y_bar - <y_bar>) (v - <v>) - <(y_bar - <y_bar>) (v - <v>)>)."""
    p = softmax(x)
    centred = y_bar - np.sum(y_bar * p, axis=-1, keepdims=True)
    moved = centred * (v - np.sum(v * p, axis=-1, keepdims=True))
    return p * (moved - np.sum(moved * p, axis=-1, keepdims=True))


@SOFTMAX.mistake("missing_reduction")
def softmax_by_the_diagonal(x: Array, y_bar: Array) -> Array:
    """p (1 - p): the diagonal of the Jacobian only."""
    p = softmax(x)
    return y_bar * p * (1 - p)


@SOFTMAX.mistake("wrong_axis", case=ROWS[1])
def softmax_summed_over_the_batch(x: Array, y_bar: Array) -> Array:
    """The sum along the first axis."""
    p = softmax(x)
    return p * (y_bar - np.sum(y_bar * p, axis=0, keepdims=True))


def log_softmax(x: Array) -> Array:
    """``x_i - log(sum_j exp(x_j))`` along the last axis.

    ``x`` : ... k, at least one class; smooth everywhere; at most 0.

    >>> log_softmax(np.array([0.0, 1e4]))
    array([-10000.,      0.])
    """
    return special.log_softmax(x, axis=-1)


LOG_SOFTMAX = Entry(
    log_softmax,
    "activation",
    ROWS,
    source="Bridle (1990)",
    notes="1.1.5",
    names=Names(
        "torch.nn.functional.log_softmax",
        "jax.nn.log_softmax",
        "keras.activations.log_softmax",
        "torch asks for the axis, dim=-1; JAX and Keras take the last one by default.",
    ),
)


@LOG_SOFTMAX.form("textbook")
def log_softmax_textbook(x: Array) -> Array:
    """The logarithm of softmax as printed."""
    e = np.exp(x)
    return np.log(e / np.sum(e, axis=-1, keepdims=True))


@LOG_SOFTMAX.derivative
def log_softmax_backward(x: Array, y_bar: Array) -> Array:
    """y_bar - p sum_j y_bar_j."""
    return y_bar - softmax(x) * np.sum(y_bar, axis=-1, keepdims=True)


@LOG_SOFTMAX.second
def log_softmax_curvature(x: Array, y_bar: Array, v: Array) -> Array:
    """-sum_j y_bar_j p (v - sum_j v_j p_j)."""
    p = softmax(x)
    return -np.sum(y_bar, axis=-1, keepdims=True) * p * (v - np.sum(v * p, axis=-1, keepdims=True))


@LOG_SOFTMAX.mistake("missing_reduction")
def log_softmax_without_the_sum(x: Array, y_bar: Array) -> Array:
    """y_bar - p y_bar: each class meets its own cotangent alone."""
    return y_bar - softmax(x) * y_bar
