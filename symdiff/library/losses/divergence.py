"""Losses of distributions: the Kullback-Leibler divergence of probabilities, and from log-probabilities as in torch."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.library.losses.quadratic_forms import curvature_is
from symdiff.library.losses.ratios import ratio
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict

ROWS = {"p": "n k", "q": "n k"}
INSIDE = {"p": (0, 1), "q": (0, 1)}


def kl_divergence(p: Array, q: Array, *, reduction: str = "mean") -> Array:
    """The Kullback-Leibler divergence of distributions, ``KL(p || q) = sum_k p_k log(p_k / q_k)``.

    ``p``, ``q`` : n k, rows of probabilities, entries in [0, 1]; never negative for rows that sum to 1, and 0 where
    they agree; smooth for p, q > 0, convex in (p, q), not symmetric; 0 log 0 is 0; infinite where q is 0 and p is not.
    ``reduction="mean"`` is the mean over the n samples.

    >>> float(kl_divergence(np.array([[0.5, 0.5, 0.0]]), np.array([[0.25, 0.5, 0.25]])).round(4))
    0.3466
    """
    return reduced(np.sum(special.rel_entr(p, q), axis=-1), reduction)


KL_DIVERGENCE = Entry(
    kl_divergence,
    "loss",
    cases(**ROWS),
    source="Kullback and Leibler (1951), equation 2.4",
    notes="1.2.7",
    names=Names(
        jax="optax.losses.kl_divergence",
        keras="keras.losses.KLDivergence",
        differs="optax takes log q first and returns one value for each sample; keras clips p and q to [1e-7, 1]; "
        "torch.nn.functional.kl_div is kl_div.",
    ),
    wrt="q",
    domain=INSIDE,
)


@per_sample(KL_DIVERGENCE, axes=1)
@KL_DIVERGENCE.derivative
def kl_divergence_gradient(p: Array, q: Array, *, reduction: str = "mean") -> Array:
    """-p / q; 0 where p is 0."""
    return shared(-ratio(p, q), p[..., 0], reduction)


@KL_DIVERGENCE.derivative(wrt="p")
def kl_divergence_gradient_by_p(p: Array, q: Array, *, reduction: str = "mean") -> Array:
    """log(p / q) + 1."""
    return shared(np.log(p / q) + 1, p[..., 0], reduction)


@KL_DIVERGENCE.second
def kl_divergence_curvature(p: Array, q: Array, v: Array, *, reduction: str = "mean") -> Array:
    """p v / q^2."""
    return shared(ratio(p, q**2) * v, p[..., 0], reduction)


@KL_DIVERGENCE.second(wrt="p")
def kl_divergence_curvature_by_p(p: Array, q: Array, v: Array, *, reduction: str = "mean") -> Array:
    """v / p."""
    return shared(v / p, p[..., 0], reduction)


@KL_DIVERGENCE.fact("never negative: for rows that sum to 1 it is a sum of terms p log(p/q) - p + q >= 0")
def kl_divergence_is_positive() -> Verdict:
    """The Bregman form; log x <= x - 1 at x = q/p makes each of its terms at least 0."""
    simplex = {"p": "simplex", "q": "simplex"}
    return check(
        kl_divergence,
        lambda p, q: np.mean(np.sum(special.rel_entr(p, q) - p + q, axis=-1)),
        ROWS,
        of="value",
        domain=simplex,
    )


@KL_DIVERGENCE.fact("convex in q: v'Hv is the mean of sum_k p_k (v_k / q_k)^2")
def kl_divergence_is_convex() -> Verdict:
    """The quadratic form of the Hessian as a sum of squares with weights p."""
    return curvature_is(
        lambda p, q, v: np.sum(p * (v / q) ** 2) / p.shape[0],
        kl_divergence_curvature,
        {**ROWS, "v": "n k"},
        INSIDE,
    )


@KL_DIVERGENCE.fact("by the logits of q its gradient is (softmax(z) - p) / n for rows p that sum to 1")
def residual_of_distillation() -> Verdict:
    """The gradient that a student of distillation receives."""

    def of_logits(z: Array, p: Array) -> Array:
        return np.sum(p * np.log(p) - p * special.log_softmax(z, axis=-1)) / p.shape[0]

    def residual(z: Array, p: Array) -> Array:
        return (special.softmax(z, axis=-1) - p) / p.shape[0]

    return check(of_logits, residual, {"z": "n k", "p": "n k"}, domain={"p": "simplex"})


@KL_DIVERGENCE.mistake("swapped")
def kl_reversed(p: Array, q: Array, *, reduction: str = "mean") -> Array:
    """log(q / p) + 1: the gradient of KL(q || p) by q."""
    return shared(np.log(q / p) + 1, p[..., 0], reduction)


@KL_DIVERGENCE.mistake("sign")
def kl_divergence_without_the_minus(p: Array, q: Array, *, reduction: str = "mean") -> Array:
    """p / q: the derivative of -log taken as that of log."""
    return shared(ratio(p, q), p[..., 0], reduction)


def kl_div(log_q: Array, p: Array, *, reduction: str = "mean", log_target: bool = False) -> Array:
    """The Kullback-Leibler divergence from log-probabilities, ``p (log p - log q)`` for each entry.

    ``log_q``, ``p`` : n k (with ``log_target`` the logarithm of p); linear in ``log_q``; entries with p = 0 cost 0.
    ``reduction="batchmean"`` divides the sum by n and is the mean divergence; ``"mean"`` divides by n k.

    >>> float(kl_div(np.log([[0.25, 0.75]]), np.array([[0.5, 0.5]]), reduction="batchmean").round(4))
    0.1438
    """
    target = np.exp(p) if log_target else p
    own = target * p if log_target else special.xlogy(p, p)
    losses = own - target * log_q
    if reduction == "batchmean":
        return reduced(np.sum(losses, axis=tuple(range(1, np.ndim(p)))), "mean")
    return reduced(losses, reduction)


LOG_ROWS = {"log_q": "n k", "p": "n k"}
KL_DIV = Entry(
    kl_div,
    "loss",
    (*cases(**LOG_ROWS), Case(LOG_ROWS, {"reduction": "batchmean"})),
    source="Kullback and Leibler (1951), equation 2.4",
    notes="1.2.7",
    names=Names(
        "torch.nn.functional.kl_div",
        "optax.losses.kl_divergence",
        differs="optax returns one value for each sample, the sum over its entries.",
    ),
    domain={"p": (0, 1)},
)


@per_sample(KL_DIV)
@KL_DIV.derivative
def kl_div_gradient(log_q: Array, p: Array, *, reduction: str = "mean", log_target: bool = False) -> Array:
    """-p."""
    target = np.exp(p) if log_target else p
    if reduction == "batchmean":
        return shared(-target, p[..., 0], "mean")
    return shared(-target, p, reduction)


@KL_DIV.derivative(cases=(Case(LOG_ROWS, {"log_target": True, "reduction": "batchmean"}),), domain={})
def kl_div_gradient_of_log_targets(
    log_q: Array, p: Array, *, reduction: str = "mean", log_target: bool = True
) -> Array:
    """-exp(p), where p is a logarithm."""
    return kl_div_gradient(log_q, p, reduction=reduction, log_target=log_target)


@KL_DIV.second
def kl_div_curvature(log_q: Array, p: Array, v: Array, *, reduction: str = "mean") -> Array:
    """0: the loss is linear in log q."""
    return np.zeros_like(v)


@KL_DIV.fact('with reduction="batchmean" it is kl_divergence(p, exp(log_q))')
def batchmean_is_the_divergence() -> Verdict:
    """The mean divergence of the rows, by both functions."""
    return check(
        lambda log_q, p: kl_div(log_q, p, reduction="batchmean"),
        lambda log_q, p: kl_divergence(p, np.exp(log_q)),
        LOG_ROWS,
        of="value",
        domain={"p": (0, 1)},
    )


@KL_DIV.mistake("factor", case=Case(LOG_ROWS, {"reduction": "batchmean"}))
def mean_for_batchmean(log_q: Array, p: Array, *, reduction: str = "batchmean") -> Array:
    """-p / (n k): the mean over all entries where the sum over classes was asked for."""
    return kl_div_gradient(log_q, p, reduction="mean")


@KL_DIV.mistake("chain")
def kl_div_by_the_probability(log_q: Array, p: Array, *, reduction: str = "mean") -> Array:
    """-p / q: the gradient by q, not by log q."""
    return shared(-p * np.exp(-log_q), p, reduction)
