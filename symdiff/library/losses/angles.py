"""The loss of the angle between embeddings: cosine embedding."""

from __future__ import annotations

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Entry, Names
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict


def cosine_embedding(
    x1: Array, x2: Array, y: Array, margin: Array = 0.0, eps: Array = 1e-12, *, reduction: str = "mean"
) -> Array:
    """The cosine embedding loss, ``1 - c`` for y = 1 and ``max(c - margin, 0)`` for y = -1.

    c = x1'x2 / sqrt((|x1|^2 + eps) (|x2|^2 + eps)). ``x1``, ``x2`` : n d; ``y`` : n, 1 or -1; values in [0, 2];
    not differentiable where c is the margin for y = -1 (the slope there is taken as 0). The cosine of a zero
    vector is 0 for eps > 0, with the finite gradient x2 / sqrt(eps (|x2|^2 + eps)) by x1; for eps = 0 it is nan.

    >>> cosine_embedding(np.eye(2), np.array([[1.0, 1.0], [0.0, 1.0]]), np.ones(2), reduction="none").round(4).tolist()
    [0.2929, 0.0]
    """
    c = _cosine(x1, x2, eps)[..., 0]
    return reduced(np.where(y > 0, 1 - c, np.maximum(c - margin, 0)), reduction)


def _cosine(x1: Array, x2: Array, eps: Array) -> Array:
    product = np.sum(x1 * x2, axis=-1, keepdims=True)
    return product / np.sqrt(_square(x1, eps) * _square(x2, eps))


def _square(x: Array, eps: Array) -> Array:
    return np.sum(x**2, axis=-1, keepdims=True) + eps


PAIRS = {"x1": "n d", "x2": "n d", "y": "n", "margin": "", "eps": ""}
COSINE_EMBEDDING = Entry(
    cosine_embedding,
    "loss",
    cases(**PAIRS),
    source="Salton, Wong and Yang (1975), A vector space model for automatic indexing",
    notes="1.2",
    names=Names(
        "torch.nn.functional.cosine_embedding_loss",
        "optax.cosine_distance",
        "keras.losses.CosineSimilarity",
        "torch fixes eps = 1e-12; optax has the distance 1 - c for similar pairs only, and keras -c.",
    ),
    wrt=("x1", "x2"),
    domain={"eps": (0, None)},
    kinks="c = margin for y = -1: slope 0",
)


def _slope(c: Array, y: Array, margin: Array) -> Array:
    """The slope of the loss by the cosine."""
    return np.where(y[..., None] > 0, -1, c > margin)


@per_sample(COSINE_EMBEDDING, axes=1)
@COSINE_EMBEDDING.derivative
def cosine_embedding_gradient(
    x1: Array, x2: Array, y: Array, margin: Array = 0.0, eps: Array = 1e-12, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """The slope by c times x2 / (|x1| |x2|) - c x1 / |x1|^2, and the same with both exchanged."""
    s1, s2, c = _square(x1, eps), _square(x2, eps), _cosine(x1, x2, eps)
    slope, sizes = shared(_slope(c, y, margin), y, reduction), np.sqrt(s1 * s2)
    return slope * (x2 / sizes - c * x1 / s1), slope * (x1 / sizes - c * x2 / s2)


@COSINE_EMBEDDING.second
def cosine_embedding_curvature(
    x1: Array, x2: Array, y: Array, margin: Array, eps: Array, v: Array, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """The slope by c times the change of both gradients of c along v."""
    s1, s2, c = _square(x1, eps), _square(x2, eps), _cosine(x1, x2, eps)
    sizes = np.sqrt(s1 * s2)
    grown1 = np.sum(x1 * v[0], axis=-1, keepdims=True) / s1
    grown2 = np.sum(x2 * v[1], axis=-1, keepdims=True) / s2
    met = np.sum(x2 * v[0] + x1 * v[1], axis=-1, keepdims=True) / sizes
    dc = met - c * (grown1 + grown2)
    slope = shared(_slope(c, y, margin), y, reduction)

    def turned(own: Array, other: Array, moved: Array, v_other: Array, s: Array, grown: Array) -> Array:
        scaled = (v_other - other * (grown1 + grown2)) / sizes
        return scaled - (dc - 2 * c * grown) * own / s - c * moved / s

    first = turned(x1, x2, v[0], v[1], s1, grown1)
    return slope * first, slope * turned(x2, x1, v[1], v[0], s2, grown2)


@COSINE_EMBEDDING.fact("symmetric: the two embeddings may be exchanged")
def cosine_embedding_is_symmetric() -> Verdict:
    """The value with exchanged arguments."""

    def exchanged(x1: Array, x2: Array, y: Array, margin: Array, eps: Array) -> Array:
        return cosine_embedding(x2, x1, y, margin, eps)

    return check(cosine_embedding, exchanged, PAIRS, of="value", domain=COSINE_EMBEDDING.domain)


@COSINE_EMBEDDING.fact("for eps = 0 it does not change when the embeddings are scaled by positive numbers")
def cosine_embedding_is_scale_invariant() -> Verdict:
    """The value of embeddings scaled by a and b."""

    def still(x1: Array, x2: Array, a: Array, b: Array) -> Array:
        return np.mean(1 - _cosine(x1, x2, 0))

    def scaled(x1: Array, x2: Array, a: Array, b: Array) -> Array:
        return np.mean(1 - _cosine(a * x1, b * x2, 0))

    inputs = {"x1": "n d", "x2": "n d", "a": "", "b": ""}
    return check(still, scaled, inputs, of="value", domain={"a": (1, None), "b": (1, None)})


@COSINE_EMBEDDING.fact(
    "for eps = 0 the gradient is orthogonal to the embedding: moving outwards changes nothing"
)
def gradient_is_orthogonal() -> Verdict:
    """x1 times the gradient by x1, summed over each embedding."""

    def radial(x1: Array, x2: Array) -> Array:
        ones = np.ones_like(x1[..., 0])
        return np.sum(x1 * cosine_embedding_gradient(x1, x2, ones, 0, 0)[0], axis=-1)

    return check(radial, lambda x1, x2: np.zeros_like(x1[..., 0]), {"x1": "n d", "x2": "n d"}, of="value")


@COSINE_EMBEDDING.fact("the cosine is in [-1, 1]: |a|^2 |b|^2 - (a'b)^2 is a sum of squares (Lagrange)")
def cosine_is_bounded() -> Verdict:
    """Half the sum of (a_i b_j - a_j b_i)^2, so the loss is in [0, 2]."""

    def gap(a: Array, b: Array) -> Array:
        return np.sum(a**2) * np.sum(b**2) - np.sum(a * b) ** 2

    def squares(a: Array, b: Array) -> Array:
        return np.sum((a[:, None] * b[None, :] - a[None, :] * b[:, None]) ** 2) / 2

    return check(gap, squares, {"a": "d", "b": "d"}, of="value")


@COSINE_EMBEDDING.mistake("missing_path")
def cosine_with_the_norms_held(
    x1: Array, x2: Array, y: Array, margin: Array, eps: Array, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """x2 / (|x1| |x2|) alone: the derivative of the norm forgotten."""
    c, sizes = _cosine(x1, x2, eps), np.sqrt(_square(x1, eps) * _square(x2, eps))
    slope = shared(_slope(c, y, margin), y, reduction)
    return slope * x2 / sizes, slope * x1 / sizes


@COSINE_EMBEDDING.mistake("sign")
def cosine_to_be_raised(
    x1: Array, x2: Array, y: Array, margin: Array, eps: Array, *, reduction: str = "mean"
) -> tuple[Array, Array]:
    """The gradient of the negative loss."""
    first, second = cosine_embedding_gradient(x1, x2, y, margin, eps, reduction=reduction)
    return -first, -second
