"""Losses of regression that a few large errors do not rule: Huber, Smooth-L1, log-cosh; and of quantiles."""

from __future__ import annotations

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Entry, Names
from symdiff.library.losses.quadratic_forms import curvature_is
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict

PAIRS = {"y_hat": "n d", "y": "n d"}


def huber(y_hat: Array, y: Array, delta: Array = 1.0, *, reduction: str = "mean") -> Array:
    """Huber's loss, ``e^2 / 2`` where ``|e| <= delta`` and ``delta (|e| - delta / 2)`` beyond, ``e = y_hat - y``.

    ``y_hat``, ``y`` : n d; ``delta`` > 0; never negative; convex and once differentiable in ``y_hat``: the second
    derivative jumps from 1 to 0 at ``|e| = delta``.

    >>> huber(np.array([0.5, 3.0]), np.array([0.0, 0.0]), reduction="none").tolist()
    [0.125, 2.5]
    """
    e = y_hat - y
    losses = np.where(np.abs(e) <= delta, e**2 / 2, delta * (np.abs(e) - delta / 2))
    return reduced(losses, reduction)


HUBER = Entry(
    huber,
    "loss",
    cases(**PAIRS, delta=""),
    source="Huber (1964), section 3",
    notes="1.2.3",
    names=Names(
        "torch.nn.functional.huber_loss",
        "optax.huber_loss",
        "keras.losses.Huber",
        "optax returns one value for each entry; keras.losses reduce the last axis first, with the same mean.",
    ),
    domain={"delta": (0, None)},
    kinks="second order: |y_hat - y| = delta",
)


@per_sample(HUBER)
@HUBER.derivative
def huber_gradient(y_hat: Array, y: Array, delta: Array = 1.0, *, reduction: str = "mean") -> Array:
    """The error, no larger than delta: e inside, delta sign(e) outside."""
    e = y_hat - y
    return shared(np.where(np.abs(e) <= delta, e, delta * np.sign(e)), y, reduction)


@HUBER.second
def huber_curvature(y_hat: Array, y: Array, delta: Array, v: Array, *, reduction: str = "mean") -> Array:
    """v where |e| <= delta, 0 beyond."""
    return shared(np.where(np.abs(y_hat - y) <= delta, v, 0), y, reduction)


@HUBER.form("branchless")
def huber_by_the_clipped_error(y_hat: Array, y: Array, delta: Array, *, reduction: str = "mean") -> Array:
    """c (|e| - c / 2) with c = min(|e|, delta)."""
    size = np.abs(y_hat - y)
    c = np.minimum(size, delta)
    return reduced(c * (size - c / 2), reduction)


@HUBER.fact("convex in y_hat: v'Hv is the mean of v^2 over the entries with |e| <= delta")
def huber_is_convex() -> Verdict:
    """The quadratic form of the Hessian as a sum of squares."""
    inputs = {**PAIRS, "delta": "", "v": "n d"}
    return curvature_is(
        lambda y_hat, y, delta, v: np.mean((np.abs(y_hat - y) <= delta) * v**2),
        huber_curvature,
        inputs,
        HUBER.domain,
    )


@HUBER.mistake("threshold")
def huber_with_half_the_bound(y_hat: Array, y: Array, delta: Array, *, reduction: str = "mean") -> Array:
    """The branch decided at |e| <= delta / 2."""
    e = y_hat - y
    return shared(np.where(np.abs(e) <= delta / 2, e, delta * np.sign(e)), y, reduction)


@HUBER.mistake("sign")
def huber_by_the_target(y_hat: Array, y: Array, delta: Array, *, reduction: str = "mean") -> Array:
    """The clipped error y - y_hat: the gradient by y."""
    return huber_gradient(y, y_hat, delta, reduction=reduction)


def smooth_l1(y_hat: Array, y: Array, beta: Array = 1.0, *, reduction: str = "mean") -> Array:
    """Smooth-L1, ``e^2 / (2 beta)`` where ``|e| < beta`` and ``|e| - beta / 2`` beyond, ``e = y_hat - y``.

    ``y_hat``, ``y`` : n d, such as the four coordinates of n boxes; ``beta`` > 0 (``mae`` is its limit for 0);
    never negative; convex and once differentiable in ``y_hat``, with a tail of slope 1 for each beta.

    >>> smooth_l1(np.array([0.5, 3.0]), np.array([0.0, 0.0]), reduction="none").tolist()
    [0.125, 2.5]
    """
    e = y_hat - y
    losses = np.where(np.abs(e) < beta, e**2 / (2 * beta), np.abs(e) - beta / 2)
    return reduced(losses, reduction)


SMOOTH_L1 = Entry(
    smooth_l1,
    "loss",
    (*cases(**PAIRS, beta=""), *cases(y_hat="n 4", y="n 4", beta="")[1:]),
    source="Girshick (2015), Fast R-CNN, equation 3",
    notes="1.2.3",
    names=Names(
        "torch.nn.functional.smooth_l1_loss",
        differs="torch takes beta = 0 for the absolute error, where this divides by 0; huber is beta times it.",
    ),
    domain={"beta": (0, None)},
    kinks="second order: |y_hat - y| = beta",
)


@per_sample(SMOOTH_L1)
@SMOOTH_L1.derivative
def smooth_l1_gradient(y_hat: Array, y: Array, beta: Array = 1.0, *, reduction: str = "mean") -> Array:
    """e / beta inside, sign(e) outside."""
    e = y_hat - y
    return shared(np.where(np.abs(e) < beta, e / beta, np.sign(e)), y, reduction)


@SMOOTH_L1.second
def smooth_l1_curvature(y_hat: Array, y: Array, beta: Array, v: Array, *, reduction: str = "mean") -> Array:
    """v / beta where |e| < beta, 0 beyond."""
    return shared(np.where(np.abs(y_hat - y) < beta, v / beta, 0), y, reduction)


@SMOOTH_L1.fact("beta times smooth_l1 is the Huber loss with delta = beta")
def smooth_l1_and_huber() -> Verdict:
    """Both losses at the same bound."""

    def scaled(y_hat: Array, y: Array, beta: Array) -> Array:
        return beta * smooth_l1(y_hat, y, beta)

    return check(huber_at_beta, scaled, {**PAIRS, "beta": ""}, of="value", domain=SMOOTH_L1.domain)


def huber_at_beta(y_hat: Array, y: Array, beta: Array) -> Array:
    """Huber's loss with its bound named beta."""
    return huber(y_hat, y, beta)


@SMOOTH_L1.fact("convex in y_hat: v'Hv is the mean of v^2 / beta over the entries with |e| < beta")
def smooth_l1_is_convex() -> Verdict:
    """The quadratic form of the Hessian as a sum of squares."""
    return curvature_is(
        lambda y_hat, y, beta, v: np.mean((np.abs(y_hat - y) < beta) * v**2 / beta),
        smooth_l1_curvature,
        {**PAIRS, "beta": "", "v": "n d"},
        SMOOTH_L1.domain,
    )


@SMOOTH_L1.mistake("threshold")
def smooth_l1_with_bound_one(y_hat: Array, y: Array, beta: Array, *, reduction: str = "mean") -> Array:
    """The branch decided at |e| < 1, whatever beta is."""
    e = y_hat - y
    return shared(np.where(np.abs(e) < 1, e / beta, np.sign(e)), y, reduction)


@SMOOTH_L1.mistake("factor")
def smooth_l1_over_the_boxes(y_hat: Array, y: Array, beta: Array, *, reduction: str = "mean") -> Array:
    """The mean over the boxes where the loss is the mean over their coordinates too."""
    return smooth_l1_gradient(y_hat, y, beta, reduction="sum") / y.shape[0]


def log_cosh(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """The logarithm of the hyperbolic cosine of the error, ``mean(log(cosh(y_hat - y)))``.

    ``y_hat``, ``y`` : n d; never negative; smooth and convex in ``y_hat``; near ``e^2 / 2`` for small errors and
    ``|e| - log 2`` for large ones, which is how it is computed: cosh(1000) would overflow.

    >>> log_cosh(np.array([0.0, 1000.0]), np.array([0.0, 0.0]), reduction="none").round(3).tolist()
    [0.0, 999.307]
    """
    e = y_hat - y
    return reduced(np.abs(e) + np.log1p(np.exp(-2 * np.abs(e))) - np.log(2), reduction)


LOG_COSH = Entry(
    log_cosh,
    "loss",
    cases(**PAIRS),
    source="Green (1990), IEEE Transactions on Medical Imaging 9, potential log cosh",
    names=Names(
        jax="optax.log_cosh",
        keras="keras.losses.LogCosh",
        differs="optax returns one value for each entry; keras.losses reduce the last axis first.",
    ),
)


@per_sample(LOG_COSH)
@LOG_COSH.derivative
def log_cosh_gradient(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """tanh(e) / N."""
    return shared(np.tanh(y_hat - y), y, reduction)


@LOG_COSH.second
def log_cosh_curvature(y_hat: Array, y: Array, v: Array, *, reduction: str = "mean") -> Array:
    """(1 - tanh(e)^2) v / N."""
    return shared((1 - np.tanh(y_hat - y) ** 2) * v, y, reduction)


@LOG_COSH.form("textbook")
def log_of_cosh(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """log(cosh(e)), which overflows for |e| > 710."""
    return reduced(np.log(np.cosh(y_hat - y)), reduction)


@LOG_COSH.fact("convex in y_hat: v'Hv is the mean of (v / cosh(e))^2")
def log_cosh_is_convex() -> Verdict:
    """The quadratic form of the Hessian as a sum of squares."""
    return curvature_is(
        lambda y_hat, y, v: np.mean((v / np.cosh(y_hat - y)) ** 2), log_cosh_curvature, {**PAIRS, "v": "n d"}
    )


@LOG_COSH.mistake("sign")
def log_cosh_by_the_target(y_hat: Array, y: Array, *, reduction: str = "mean") -> Array:
    """tanh(y - y_hat): the gradient by y."""
    return shared(np.tanh(y - y_hat), y, reduction)


def quantile(y_hat: Array, y: Array, q: Array = 0.5, *, reduction: str = "mean") -> Array:
    """The pinball loss of a quantile, ``max(q r, (q - 1) r)`` with ``r = y - y_hat``.

    ``y_hat``, ``y`` : n d; ``q`` in (0, 1); never negative; convex in ``y_hat``; not differentiable at
    ``y_hat = y``, where the gradient's entry is 0, from the subdifferential [-q, 1 - q] / N; half of mae at q = 1/2.

    >>> quantile(np.array([0.0, 0.0]), np.array([1.0, -1.0]), 0.75, reduction="none").tolist()
    [0.75, 0.25]
    """
    r = y - y_hat
    return reduced(np.maximum(q * r, (q - 1) * r), reduction)


QUANTILE = Entry(
    quantile,
    "loss",
    cases(**PAIRS, q=""),
    source="Koenker and Bassett (1978), equation 1.2",
    names=Names(
        differs="torch, optax and keras have no name for it; statsmodels QuantReg minimises its sum."
    ),
    domain={"q": (0, 1)},
    kinks="y_hat = y: 0, from [-q, 1 - q]",
)


@per_sample(QUANTILE)
@QUANTILE.derivative
def quantile_gradient(y_hat: Array, y: Array, q: Array = 0.5, *, reduction: str = "mean") -> Array:
    """-q below the target, 1 - q above."""
    slope = np.where(y_hat > y, 1 - q, np.where(y_hat < y, -q, 0))
    return shared(slope, y, reduction)


@QUANTILE.second
def quantile_curvature(y_hat: Array, y: Array, q: Array, v: Array, *, reduction: str = "mean") -> Array:
    """0 wherever the gradient exists."""
    return np.zeros_like(v)


@QUANTILE.fact("at q = 1/2 it is half of the absolute error")
def median_is_half_of_mae() -> Verdict:
    """The median's pinball loss beside |e| / 2."""
    return check(
        lambda y_hat, y: quantile(y_hat, y, 0.5),
        lambda y_hat, y: np.mean(np.abs(y_hat - y)) / 2,
        PAIRS,
        of="value",
    )


@QUANTILE.mistake("threshold")
def quantile_with_exchanged_slopes(y_hat: Array, y: Array, q: Array, *, reduction: str = "mean") -> Array:
    """1 - q below and -q above: the branch decided by the wrong side."""
    return shared(np.where(y_hat > y, -q, 1 - q), y, reduction)
