"""Losses of margins: the hinge of support vector machines and its square."""

from __future__ import annotations

import numpy as np

from symdiff.library import Array, Entry, Names
from symdiff.library.losses.quadratic_forms import curvature_is
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict

SCORES = {"s": "n", "y": "n"}


def hinge(s: Array, y: Array, *, reduction: str = "mean") -> Array:
    """The hinge loss of a score, ``max(1 - y s, 0)``.

    ``s``, ``y`` : n, y is 1 or -1; never negative; convex in ``s``; not differentiable at y s = 1, where the slope
    is taken as 0, from the values between -y and 0.

    >>> hinge(np.array([2.0, 0.5, -1.0]), np.ones(3), reduction="none").tolist()
    [0.0, 0.5, 2.0]
    """
    return reduced(np.maximum(1 - y * s, 0), reduction)


HINGE = Entry(
    hinge,
    "loss",
    cases(**SCORES),
    source="Cortes and Vapnik (1995), Support-vector networks, section 3",
    names=Names(
        jax="optax.hinge_loss",
        keras="keras.losses.Hinge",
        differs="torch.nn.functional.hinge_embedding_loss is another function (of distances); keras reads labels of "
        "0 as -1; optax returns one value for each sample.",
    ),
    kinks="y s = 1: slope 0",
)


@per_sample(HINGE)
@HINGE.derivative
def hinge_gradient(s: Array, y: Array, *, reduction: str = "mean") -> Array:
    """-y where y s < 1."""
    return shared(-y * (y * s < 1), y, reduction)


@HINGE.second
def hinge_curvature(s: Array, y: Array, v: Array, *, reduction: str = "mean") -> Array:
    """0 wherever the gradient exists."""
    return np.zeros_like(v)


@HINGE.mistake("threshold")
def hinge_masked_by_the_score(s: Array, y: Array, *, reduction: str = "mean") -> Array:
    """The mask s < 1, without the label."""
    return shared(-y * (s < 1), y, reduction)


@HINGE.mistake("threshold")
def hinge_of_the_perceptron(s: Array, y: Array, *, reduction: str = "mean") -> Array:
    """The mask y s < 0: the bound of the perceptron, without the margin."""
    return shared(-y * (y * s < 0), y, reduction)


def squared_hinge(s: Array, y: Array, *, reduction: str = "mean") -> Array:
    """The square of the hinge loss, ``max(1 - y s, 0)^2``.

    ``s``, ``y`` : n, y is 1 or -1; never negative; convex and once differentiable in ``s``.

    >>> squared_hinge(np.array([2.0, 0.5, -1.0]), np.ones(3), reduction="none").tolist()
    [0.0, 0.25, 4.0]
    """
    return reduced(np.maximum(1 - y * s, 0) ** 2, reduction)


SQUARED_HINGE = Entry(
    squared_hinge,
    "loss",
    cases(**SCORES),
    source="Cortes and Vapnik (1995), Support-vector networks, equation 31",
    names=Names(
        keras="keras.losses.SquaredHinge", differs="torch and optax have no name for it; keras reads 0 as -1."
    ),
    kinks="second order: y s = 1",
)


@per_sample(SQUARED_HINGE)
@SQUARED_HINGE.derivative
def squared_hinge_gradient(s: Array, y: Array, *, reduction: str = "mean") -> Array:
    """-2 y max(1 - y s, 0)."""
    return shared(-2 * y * np.maximum(1 - y * s, 0), y, reduction)


@SQUARED_HINGE.second
def squared_hinge_curvature(s: Array, y: Array, v: Array, *, reduction: str = "mean") -> Array:
    """2 y^2 v where y s < 1."""
    return shared(2 * y**2 * v * (y * s < 1), y, reduction)


@SQUARED_HINGE.fact("convex in s: v'Hv is twice the mean of (y v)^2 over the samples with y s < 1")
def squared_hinge_is_convex() -> Verdict:
    """The quadratic form of the Hessian as a sum of squares."""
    return curvature_is(
        lambda s, y, v: 2 * np.mean((y * s < 1) * (y * v) ** 2), squared_hinge_curvature, {**SCORES, "v": "n"}
    )


@SQUARED_HINGE.mistake("factor")
def squared_hinge_without_the_two(s: Array, y: Array, *, reduction: str = "mean") -> Array:
    """The factor 2 of the square forgotten."""
    return shared(-y * np.maximum(1 - y * s, 0), y, reduction)


@SQUARED_HINGE.mistake("sign")
def squared_hinge_without_the_inner_sign(s: Array, y: Array, *, reduction: str = "mean") -> Array:
    """The inner derivative -y taken as y."""
    return shared(2 * y * np.maximum(1 - y * s, 0), y, reduction)
