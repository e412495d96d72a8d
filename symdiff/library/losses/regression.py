"""Losses of regression: squared errors and the absolute error."""

from __future__ import annotations

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Entry, Names
from symdiff.library.losses.quadratic_forms import curvature_is
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict

PAIRS = {"y_hat": "n d", "y": "n d"}


def mse(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """Mean squared error, ``mean((y_hat - y)^2)`` over all entries.

    ``y_hat``, ``y`` : n d; a number (n d with ``reduction="none"``), never negative; smooth, convex in ``y_hat``.

    >>> float(mse(np.array([1.0, 3.0]), np.array([1.0, 1.0])))
    2.0
    """
    return reduced((y_hat - y) ** 2, reduction)


MSE = Entry(
    mse,
    "loss",
    cases(**PAIRS),
    source="Gauss (1809)",
    notes="1.2.1",
    names=Names(
        "torch.nn.functional.mse_loss",
        "optax.squared_error",
        "keras.losses.MeanSquaredError",
        "optax returns one value for each entry; keras.losses reduce the last axis first, with the same mean.",
    ),
)


@per_sample(MSE)
@MSE.derivative
def mse_gradient(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """2 (y_hat - y) / N, with N the number of entries."""
    return shared(2 * (y_hat - y), y, reduction)


@MSE.second
def mse_curvature(y_hat: Array, y: Array, v: Array, *, reduction: str = "mean") -> Array:
    """2 v / N: the Hessian is 2/N times the identity."""
    return shared(2 * v, y, reduction)


@MSE.fact("convex in y_hat: v'Hv is 2/N times the sum of squares of v")
def mse_is_convex() -> Verdict:
    """The quadratic form of the Hessian as a sum of squares."""
    return curvature_is(lambda y_hat, y, v: 2 * np.mean(v**2), mse_curvature, {**PAIRS, "v": "n d"})


@MSE.fact("symmetric: the prediction and the target may be exchanged")
def mse_is_symmetric() -> Verdict:
    """The value with exchanged arguments."""
    return check(mse, lambda y_hat, y: mse(y, y_hat), PAIRS, of="value")


@MSE.mistake("factor")
def mse_gradient_without_the_mean(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """2 (y_hat - y): the gradient of the sum."""
    return 2 * (y_hat - y)


@MSE.mistake("factor")
def mse_gradient_over_the_rows(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """2 (y_hat - y) / n: the mean over the samples only."""
    return 2 * (y_hat - y) / y.shape[0]


def half_squared_error(y_hat: Array, y: Array, *, reduction: str = "sum") -> Array:
    """Half the squared error, ``1/2 sum((y - y_hat)^2)``.

    ``y_hat``, ``y`` : n d; a number, never negative; smooth, convex in ``y_hat``.

    >>> float(half_squared_error(np.array([1.0, 3.0]), np.array([1.0, 1.0])))
    2.0
    """
    return reduced((y - y_hat) ** 2 / 2, reduction)


HALF_SQUARED_ERROR = Entry(
    half_squared_error,
    "loss",
    cases(**PAIRS),
    source="Rumelhart, Hinton and Williams (1986), equation 3",
    notes="2.7, 2.8",
    names=Names(
        jax="optax.l2_loss",
        differs="optax returns one value for each entry; torch has no name for it: it is half of mse_loss.",
    ),
)


@per_sample(HALF_SQUARED_ERROR)
@HALF_SQUARED_ERROR.derivative
def half_squared_error_gradient(y_hat: Array, y: Array, *, reduction: str = "sum") -> Array:
    """y_hat - y."""
    return shared(y_hat - y, y, reduction)


@HALF_SQUARED_ERROR.second
def half_squared_error_curvature(y_hat: Array, y: Array, v: Array, *, reduction: str = "sum") -> Array:
    """v: the Hessian of the sum is the identity, which makes H = J'J exact for a linear model."""
    return shared(v, y, reduction)


@HALF_SQUARED_ERROR.fact("half of the squared error of the same entries")
def half_of_the_squares() -> Verdict:
    """Its value beside mse under the sum."""
    return check(half_squared_error, lambda y_hat, y: mse(y_hat, y, reduction="sum") / 2, PAIRS, of="value")


@HALF_SQUARED_ERROR.fact("convex in y_hat: v'Hv is the sum of squares of v")
def half_squared_error_is_convex() -> Verdict:
    """The quadratic form of the identity."""
    return curvature_is(lambda y_hat, y, v: np.sum(v**2), half_squared_error_curvature, {**PAIRS, "v": "n d"})


@HALF_SQUARED_ERROR.mistake("sign")
def target_minus_prediction(y_hat: Array, y: Array, *, reduction: str = "sum") -> Array:
    """y - y_hat: the inner derivative -1 forgotten."""
    return shared(y - y_hat, y, reduction)


def mae(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """Mean absolute error, ``mean(|y_hat - y|)`` over all entries.

    ``y_hat``, ``y`` : n d; a number, never negative; convex in ``y_hat``, not differentiable where an entry of
    ``y_hat - y`` is 0: there the gradient's entry is 0, from the subdifferential [-1, 1] / N.

    >>> float(mae(np.array([1.0, 3.0]), np.array([1.0, 1.0])))
    1.0
    """
    return reduced(np.abs(y_hat - y), reduction)


MAE = Entry(
    mae,
    "loss",
    cases(**PAIRS),
    source="Laplace (1774)",
    notes="1.2.2",
    names=Names(
        "torch.nn.functional.l1_loss",
        "jnp.abs(y_hat - y)",
        "keras.losses.MeanAbsoluteError",
        "keras.losses reduce the last axis first, with the same mean.",
    ),
    kinks="y_hat = y: 0, from [-1, 1]",
)


@per_sample(MAE)
@MAE.derivative
def mae_gradient(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """sign(y_hat - y) / N."""
    return shared(np.sign(y_hat - y), y, reduction)


@MAE.second
def mae_curvature(y_hat: Array, y: Array, v: Array, *, reduction: str = "mean") -> Array:
    """0 wherever the gradient exists."""
    return np.zeros_like(v)


@MAE.fact("symmetric: the prediction and the target may be exchanged")
def mae_is_symmetric() -> Verdict:
    """The value with exchanged arguments."""
    return check(mae, lambda y_hat, y: mae(y, y_hat), PAIRS, of="value")


@MAE.mistake("sign")
def mae_gradient_by_the_target(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """sign(y - y_hat) / N: the gradient by y."""
    return shared(np.sign(y - y_hat), y, reduction)


@MAE.mistake("factor")
def mae_gradient_without_the_mean(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """sign(y_hat - y): the gradient of the sum."""
    return np.sign(y_hat - y)
