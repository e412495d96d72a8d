"""Losses of distances between embeddings: triplet, contrastive, cosine, and the ranking of two scores."""

from __future__ import annotations

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Entry, Names
from symdiff.library.losses.ratios import norm, turned
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict


def triplet(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: Array = 1.0,
    eps: Array = 1e-12,
    *,
    reduction: str = "mean",
) -> Array:
    """The triplet loss, ``max(|a - p| - |a - n| + margin, 0)`` with Euclidean distances sqrt(|x|^2 + eps).

    ``anchor``, ``positive``, ``negative`` : n d; never negative; not differentiable where the bracket is 0 (slope 0 is
    taken), and for eps = 0 where two embeddings agree (nan there). Three identical embeddings cost the margin, with
    gradient 0 for eps > 0: they cannot part by themselves.

    >>> float(triplet(np.zeros((1, 2)), np.array([[3.0, 4.0]]), np.array([[0.0, 2.0]]), 1, 0))
    4.0
    """
    gap = norm(anchor - positive, eps) - norm(anchor - negative, eps)
    return reduced(np.maximum(gap[..., 0] + margin, 0), reduction)


TRIPLETS = {"anchor": "n d", "positive": "n d", "negative": "n d", "margin": "", "eps": ""}
TRIPLET = Entry(
    triplet,
    "loss",
    cases(**TRIPLETS),
    source="Balntas et al. (2016), Learning local feature descriptors with triplets, equation 3",
    names=Names(
        "torch.nn.functional.triplet_margin_loss",
        "optax.losses.triplet_margin_loss",
        differs="torch adds eps=1e-6 to each difference; optax has eps=1e-6 below the root; "
        "FaceNet (Schroff et al., 2015) squares the distances.",
    ),
    notes="1.2",
    wrt=("anchor", "positive", "negative"),
    domain={"margin": (0, None), "eps": (0, None)},
    kinks="bracket 0: slope 0",
)


@per_sample(TRIPLET, axes=1)
@TRIPLET.derivative
def triplet_gradient(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: Array = 1.0,
    eps: Array = 1e-12,
    *,
    reduction: str = "mean",
) -> tuple[Array, Array, Array]:
    """u - w, -u and w, where the bracket is positive; u and w point from the positive and the negative to a."""
    gap = norm(anchor - positive, eps) - norm(anchor - negative, eps) + margin
    active = shared((gap > 0) * 1.0, gap, reduction)
    u, w = (
        active * (anchor - positive) / norm(anchor - positive, eps),
        active * (anchor - negative) / norm(anchor - negative, eps),
    )
    return u - w, -u, w


@TRIPLET.second
def triplet_curvature(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: Array,
    eps: Array,
    v: Array,
    *,
    reduction: str = "mean",
) -> tuple[Array, Array, Array]:
    """The turning of both directions; the brackets that are 0 or less have no part."""
    va, vp, vn = v
    gap = norm(anchor - positive, eps) - norm(anchor - negative, eps) + margin
    active = shared((gap > 0) * 1.0, gap, reduction)
    u = active * turned(anchor - positive, va - vp, eps)
    w = active * turned(anchor - negative, va - vn, eps)
    return u - w, -u, w


@TRIPLET.mistake("chain")
def triplet_without_the_root(
    anchor: Array, positive: Array, negative: Array, margin: Array, eps: Array, *, reduction: str = "mean"
) -> tuple[Array, Array, Array]:
    """The derivative of the squared distances: that of the root is missing."""
    gap = norm(anchor - positive, eps) - norm(anchor - negative, eps) + margin
    active = shared((gap > 0) * 1.0, gap, reduction)
    u, w = 2 * active * (anchor - positive), 2 * active * (anchor - negative)
    return u - w, -u, w


@TRIPLET.mistake("threshold")
def triplet_without_the_hinge(
    anchor: Array, positive: Array, negative: Array, margin: Array, eps: Array, *, reduction: str = "mean"
) -> tuple[Array, Array, Array]:
    """Triplets that are far enough apart are moved too."""
    share = shared(np.ones_like(anchor[..., :1]), anchor[..., 0], reduction)
    u, w = (
        share * (anchor - positive) / norm(anchor - positive, eps),
        share * (anchor - negative) / norm(anchor - negative, eps),
    )
    return u - w, -u, w


def contrastive(
    x1: Array, x2: Array, y: Array, margin: Array = 1.0, eps: Array = 1e-12, *, reduction: str = "mean"
) -> Array:
    """The contrastive loss, ``(y d^2 + (1 - y) max(margin - d, 0)^2) / 2`` with d = sqrt(|x1 - x2|^2 + eps).

    ``x1``, ``x2`` : n d; ``y`` : n, 1 for a similar pair and 0 for a dissimilar one; never negative; differentiable
    except, for eps = 0, where a dissimilar pair is identical (nan there); for eps > 0 it costs about margin^2 / 2, and
    the gradient is 0.

    >>> x1, x2, y = np.zeros((2, 1)), np.array([[0.5], [0.5]]), np.array([1.0, 0.0])
    >>> contrastive(x1, x2, y, reduction="none").round(6).tolist()
    [0.125, 0.125]
    """
    distance = norm(x1 - x2, eps)[..., 0]
    losses = (y * distance**2 + (1 - y) * np.maximum(margin - distance, 0) ** 2) / 2
    return reduced(losses, reduction)


CONTRASTIVE = Entry(
    contrastive,
    "loss",
    cases(x1="n d", x2="n d", y="n", margin="", eps=""),
    source="Hadsell, Chopra and LeCun (2006), equation 4",
    notes="1.2",
    names=Names(
        differs="torch, optax and keras have no name for it; the paper writes Y = 0 for a similar pair."
    ),
    wrt=("x1", "x2"),
    domain={"margin": (0, None), "eps": (0, None)},
)


@per_sample(CONTRASTIVE, axes=1)
@CONTRASTIVE.derivative
def contrastive_gradient(
    x1: Array, x2: Array, y: Array, margin: Array = 1.0, eps: Array = 1e-12, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """y (x1 - x2) - (1 - y) max(margin - d, 0) u, and its negative."""
    short = np.maximum(margin - norm(x1 - x2, eps), 0)
    similar = y[..., None]
    pull = similar * (x1 - x2) - (1 - similar) * short * (x1 - x2) / norm(x1 - x2, eps)
    slope = shared(pull, y, reduction)
    return slope, -slope


@CONTRASTIVE.second
def contrastive_curvature(
    x1: Array, x2: Array, y: Array, margin: Array, eps: Array, v: Array, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """y dv + (1 - y) ([d < margin] u u'dv - max(margin - d, 0) (dv - u u'dv) / d) with dv = v1 - v2."""
    dv, x, similar = v[0] - v[1], x1 - x2, y[..., None]
    u, short = x / norm(x, eps), margin - norm(x, eps)
    along = (short > 0) * u * np.sum(u * dv, axis=-1, keepdims=True)
    pushed = along - np.maximum(short, 0) * turned(x, dv, eps)
    slope = shared(similar * dv + (1 - similar) * pushed, y, reduction)
    return slope, -slope


@CONTRASTIVE.fact("symmetric: the two embeddings may be exchanged")
def contrastive_is_symmetric() -> Verdict:
    """The value with exchanged arguments."""

    def exchanged(x1: Array, x2: Array, y: Array, margin: Array, eps: Array) -> Array:
        return contrastive(x2, x1, y, margin, eps)

    return check(contrastive, exchanged, CONTRASTIVE.cases[0].inputs, of="value")


@CONTRASTIVE.mistake("threshold")
def contrastive_without_the_hinge(
    x1: Array, x2: Array, y: Array, margin: Array, eps: Array, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """Dissimilar pairs beyond the margin are drawn back to it."""
    distance, similar = norm(x1 - x2, eps), y[..., None]
    push = (1 - similar) * (margin - distance) * (x1 - x2) / distance
    slope = shared(similar * (x1 - x2) - push, y, reduction)
    return slope, -slope


@CONTRASTIVE.mistake("missing_path", wrt="x1")
def contrastive_of_similar_pairs(
    x1: Array, x2: Array, y: Array, margin: Array, eps: Array, *, reduction: str = "mean"
) -> Array:
    """y (x1 - x2): the dissimilar pairs forgotten."""
    return shared(y[..., None] * (x1 - x2), y, reduction)


def margin_ranking(x1: Array, x2: Array, y: Array, margin: Array = 0.0, *, reduction: str = "mean") -> Array:
    """The ranking loss of two scores, ``max(-y (x1 - x2) + margin, 0)``.

    ``x1``, ``x2``, ``y`` : n; y is 1 where x1 should be the larger one and -1 where x2 should; never negative; convex
    in the scores; not differentiable where the bracket is 0: the slope there is taken as 0.

    >>> margin_ranking(np.array([1.0, 1.0]), np.array([0.0, 3.0]), np.ones(2), reduction="none").tolist()
    [0.0, 2.0]
    """
    return reduced(np.maximum(-y * (x1 - x2) + margin, 0), reduction)


MARGIN_RANKING = Entry(
    margin_ranking,
    "loss",
    cases(x1="n", x2="n", y="n", margin=""),
    source="Herbrich, Graepel and Obermayer (2000), Large margin rank boundaries for ordinal regression",
    names=Names(
        "torch.nn.functional.margin_ranking_loss",
        differs="at a bracket of 0 torch takes the slope of the positive side.",
    ),
    wrt=("x1", "x2"),
    kinks="bracket 0: slope 0",
)


@per_sample(MARGIN_RANKING)
@MARGIN_RANKING.derivative
def margin_ranking_gradient(
    x1: Array, x2: Array, y: Array, margin: Array = 0.0, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """-y and y where the bracket is positive."""
    slope = shared(-y * (margin - y * (x1 - x2) > 0), y, reduction)
    return slope, -slope


@MARGIN_RANKING.second
def margin_ranking_curvature(
    x1: Array, x2: Array, y: Array, margin: Array, v: Array, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """0 wherever the gradient exists."""
    return np.zeros_like(v[0]), np.zeros_like(v[1])


@MARGIN_RANKING.mistake("threshold")
def margin_ranking_masked_by_the_scores(
    x1: Array, x2: Array, y: Array, margin: Array, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """The mask without the margin."""
    slope = shared(-y * (-y * (x1 - x2) > 0), y, reduction)
    return slope, -slope
