"""Negative log-likelihoods: a normal distribution with its own variance, and counts of a Poisson distribution."""

from __future__ import annotations

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.library.losses.quadratic_forms import curvature_is
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict

NORMAL = {"mu": "n d", "y": "n d", "var": "n d"}


def gaussian_nll(mu: Array, y: Array, var: Array, *, full: bool = False, reduction: str = "mean") -> Array:
    """The negative log-likelihood of a normal distribution, ``(log(var) + (y - mu)^2 / var) / 2``.

    ``mu``, ``y``, ``var`` : n d; ``var`` > 0; with ``full`` log(2 pi) / 2 is added; smooth, convex in ``mu``, not in
    ``var``. A variance of 0 is outside (infinity, or nan for y = mu): bound it below, as torch does.

    >>> gaussian_nll(np.array([1.0, 3.0]), np.array([1.0, 1.0]), np.ones(2), reduction="none").tolist()
    [0.0, 2.0]
    """
    losses = (np.log(var) + (y - mu) ** 2 / var) / 2
    return reduced(losses + np.log(2 * np.pi) / 2 if full else losses, reduction)


GAUSSIAN_NLL = Entry(
    gaussian_nll,
    "loss",
    (*cases(**NORMAL), Case(NORMAL, {"full": True})),
    source="Nix and Weigend (1994), Estimating the mean and variance of the target distribution, equation 5",
    names=Names(
        "torch.nn.functional.gaussian_nll_loss",
        differs="torch takes max(var, eps) with eps = 1e-6, through which the gradient by a smaller variance passes.",
    ),
    wrt=("mu", "var"),
    domain={"var": (0, None)},
)


@per_sample(GAUSSIAN_NLL)
@GAUSSIAN_NLL.derivative
def gaussian_nll_gradient(
    mu: Array, y: Array, var: Array, *, full: bool = False, reduction: str = "mean"
) -> tuple[Array, Array]:
    """(mu - y) / var, and (1 - (y - mu)^2 / var) / (2 var)."""
    e = mu - y
    return shared(e / var, y, reduction), shared((1 - e**2 / var) / (2 * var), y, reduction)


@GAUSSIAN_NLL.second
def gaussian_nll_curvature(
    mu: Array, y: Array, var: Array, v: Array, *, full: bool = False, reduction: str = "mean"
) -> tuple[Array, Array]:
    """a / var - e b / var^2, and -e a / var^2 + (e^2 / var - 1/2) b / var^2, in the direction (a, b)."""
    e, (a, b) = mu - y, v
    first = a / var - e * b / var**2
    second = (-e * a + (e**2 / var - 1 / 2) * b) / var**2
    return shared(first, y, reduction), shared(second, y, reduction)


@GAUSSIAN_NLL.fact("with a variance of 1 it is half of the squared error")
def unit_variance_is_squared_error() -> Verdict:
    """The likelihood of the notes' squared error."""
    return check(
        lambda mu, y: gaussian_nll(mu, y, np.ones_like(y)),
        lambda mu, y: np.mean((y - mu) ** 2) / 2,
        {"mu": "n d", "y": "n d"},
        of="value",
    )


@GAUSSIAN_NLL.mistake("missing_path", wrt="var")
def gaussian_nll_without_the_normaliser(mu: Array, y: Array, var: Array, *, reduction: str = "mean") -> Array:
    """-(y - mu)^2 / (2 var^2): the derivative of log(var) forgotten."""
    return shared(-((y - mu) ** 2) / (2 * var**2), y, reduction)


@GAUSSIAN_NLL.mistake("sign", wrt="mu")
def gaussian_nll_by_the_target(mu: Array, y: Array, var: Array, *, reduction: str = "mean") -> Array:
    """(y - mu) / var: the inner derivative -1 forgotten."""
    return shared((y - mu) / var, y, reduction)


COUNTS = {"z": "n d", "y": "n d"}


def poisson_nll(z: Array, y: Array, *, reduction: str = "mean") -> Array:
    """The negative log-likelihood of counts with rate exp(z), ``exp(z) - y z``, without the constant log(y!).

    ``z``, ``y`` : n d; ``y`` >= 0; smooth and convex in ``z``; least where exp(z) = y. exp(z) overflows above 709.

    >>> poisson_nll(np.array([0.0, 1.0]), np.array([1.0, 0.0]), reduction="none").round(4).tolist()
    [1.0, 2.7183]
    """
    return reduced(np.exp(z) - y * z, reduction)


POISSON_NLL = Entry(
    poisson_nll,
    "loss",
    cases(**COUNTS),
    source="Nelder and Wedderburn (1972), Generalized linear models, section 2",
    names=Names(
        "torch.nn.functional.poisson_nll_loss",
        keras="keras.losses.Poisson",
        differs="torch with log_input=False, and keras, take the rate instead of its logarithm, and add 1e-8 and 1e-7 "
        "to it.",
    ),
)


@per_sample(POISSON_NLL)
@POISSON_NLL.derivative
def poisson_nll_gradient(z: Array, y: Array, *, reduction: str = "mean") -> Array:
    """exp(z) - y."""
    return shared(np.exp(z) - y, y, reduction)


@POISSON_NLL.second
def poisson_nll_curvature(z: Array, y: Array, v: Array, *, reduction: str = "mean") -> Array:
    """exp(z) v, whatever y is."""
    return shared(np.exp(z) * v, y, reduction)


@POISSON_NLL.fact("convex in z: v'Hv is the mean of exp(z) v^2")
def poisson_nll_is_convex() -> Verdict:
    """The quadratic form of the Hessian as a sum of squares with the rates as weights."""
    return curvature_is(
        lambda z, y, v: np.mean(np.exp(z) * v**2), poisson_nll_curvature, {**COUNTS, "v": "n d"}
    )


@POISSON_NLL.mistake("chain")
def poisson_nll_by_the_rate(z: Array, y: Array, *, reduction: str = "mean") -> Array:
    """1 - y / rate: the gradient by the rate, not by its logarithm."""
    return shared(1 - y * np.exp(-z), y, reduction)


@POISSON_NLL.mistake("factor")
def poisson_nll_without_the_mean(z: Array, y: Array, *, reduction: str = "mean") -> Array:
    """exp(z) - y: the gradient of the sum."""
    return np.exp(z) - y
