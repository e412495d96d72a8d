"""Losses of overlap: Dice and Jaccard of a soft mask with a given one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict

Axes = int | Sequence[int]


def dice(p: Array, y: Array, smooth: Array = 0.0, *, axis: Axes = -1, reduction: str = "mean") -> Array:
    """One minus the Dice coefficient of each mask, ``1 - (2 sum(p y) + s) / (sum(p) + sum(y) + s)``, s = ``smooth``.

    ``p``, ``y`` : n d, in [0, 1], the entries of a mask along ``axis`` (``axis=(-2, -1)`` for images); values in
    [0, 1]; smooth where a mask has an entry above 0, not convex in ``p``. Two masks of zeros are 0/0: nan with
    NumPy's warning for s = 0; for s > 0 they agree, at a loss of 0 with gradient 1/s, or 1/(n s) for the mean.

    >>> float(dice(np.array([[1.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])).round(4))
    0.3333
    """
    shared_area = 2 * np.sum(p * y, axis=axis) + smooth
    both = np.sum(p, axis=axis) + np.sum(y, axis=axis) + smooth
    return reduced(1 - shared_area / both, reduction)


MASKS = {"p": "n d", "y": "n d", "smooth": ""}
IMAGES = {"p": "n h w", "y": "n h w", "smooth": ""}
WITHIN = {"p": (0, 1), "y": (0, 1), "smooth": (0, None)}
DICE = Entry(
    dice,
    "loss",
    (*cases(**MASKS), Case(IMAGES, {"axis": (-2, -1)})),
    source="Milletari, Navab and Ahmadi (2016), V-Net, section 3, with the areas of Dice (1945)",
    notes="1.2.6",
    names=Names(
        jax="optax.losses.dice_loss",
        keras="keras.losses.Dice",
        differs="torch has no name for it; V-Net squares the entries of both areas; keras takes all axes as one mask "
        "and adds 1e-7 to the areas; optax takes logits and classes, and its smooth is half of this one.",
    ),
    domain=WITHIN,
)


def _areas(p: Array, y: Array, axis: Axes) -> tuple[Array, Array]:
    """The overlap and the sum of both areas of each mask, with the axes of the mask kept."""
    overlap = np.sum(p * y, axis=axis, keepdims=True)
    return overlap, np.sum(p, axis=axis, keepdims=True) + np.sum(y, axis=axis, keepdims=True)


@per_sample(DICE, axes=1)
@DICE.derivative
def dice_gradient(
    p: Array, y: Array, smooth: Array = 0.0, *, axis: Axes = -1, reduction: str = "mean"
) -> Array:
    """The quotient rule, ((2 I + s) - 2 y (S + s)) / (S + s)^2, with the overlap I and the areas' sum S."""
    overlap, areas = _areas(p, y, axis)
    slope = (2 * overlap + smooth - 2 * y * (areas + smooth)) / (areas + smooth) ** 2
    return shared(slope, overlap, reduction)


@DICE.second
def dice_curvature(
    p: Array, y: Array, smooth: Array, v: Array, *, axis: Axes = -1, reduction: str = "mean"
) -> Array:
    """2 (y'v + y 1'v) / D^2 - 2 (2 I + s) 1'v / D^3 with D = S + s."""
    overlap, areas = _areas(p, y, axis)
    total = areas + smooth
    grown, met = np.sum(v, axis=axis, keepdims=True), np.sum(y * v, axis=axis, keepdims=True)
    bend = 2 * (met + y * grown) / total**2 - 2 * (2 * overlap + smooth) * grown / total**3
    return shared(bend, overlap, reduction)


@DICE.fact(
    "between 0 and 1: it is sum(p (1 - y) + y (1 - p)) / (sum(p) + sum(y) + s), and 1 less such a fraction"
)
def dice_is_bounded() -> Verdict:
    """The loss as a fraction of two sums of terms that are not negative."""

    def fraction(p: Array, y: Array, smooth: Array) -> Array:
        apart = np.sum(p * (1 - y) + y * (1 - p), axis=-1)
        return np.mean(apart / (np.sum(p, axis=-1) + np.sum(y, axis=-1) + smooth))

    return check(dice, fraction, MASKS, of="value", domain=WITHIN)


@DICE.fact("symmetric: the two masks may be exchanged")
def dice_is_symmetric() -> Verdict:
    """The value with exchanged arguments."""
    return check(dice, lambda p, y, smooth: dice(y, p, smooth), MASKS, of="value", domain=WITHIN)


@DICE.mistake("missing_path")
def dice_with_the_areas_held(
    p: Array, y: Array, smooth: Array, *, axis: Axes = -1, reduction: str = "mean"
) -> Array:
    """-2 y / (S + s): the quotient rule without the derivative of the denominator."""
    overlap, areas = _areas(p, y, axis)
    return shared(-2 * y / (areas + smooth), overlap, reduction)


@DICE.mistake("sign")
def dice_coefficient_for_the_loss(
    p: Array, y: Array, smooth: Array, *, axis: Axes = -1, reduction: str = "mean"
) -> Array:
    """The gradient of the coefficient, which is to be raised."""
    return -dice_gradient(p, y, smooth, axis=axis, reduction=reduction)


def iou(p: Array, y: Array, smooth: Array = 0.0, *, axis: Axes = -1, reduction: str = "mean") -> Array:
    """One minus the Jaccard index of each mask, ``1 - (I + s) / (sum(p) + sum(y) - I + s)`` with I = sum(p y).

    ``p``, ``y`` : n d, in [0, 1], the entries of a mask along ``axis``; s is ``smooth``; values in [0, 1]; smooth
    where a mask has an entry above 0. Two masks of zeros are 0/0: nan with NumPy's warning for s = 0; for s > 0
    they agree, at a loss of 0 with gradient 1/s, or 1/(n s) for the mean.

    >>> float(iou(np.array([[1.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])))
    0.5
    """
    overlap = np.sum(p * y, axis=axis)
    union = np.sum(p, axis=axis) + np.sum(y, axis=axis) - overlap
    return reduced(1 - (overlap + smooth) / (union + smooth), reduction)


IOU = Entry(
    iou,
    "loss",
    (*cases(**MASKS), Case(IMAGES, {"axis": (-2, -1)})),
    source="Rahman and Wang (2016), Optimizing intersection-over-union, equations 4 and 5",
    notes="1.2.6",
    names=Names(differs="torch, optax and keras have no loss of this name."),
    domain=WITHIN,
)


@per_sample(IOU, axes=1)
@IOU.derivative
def iou_gradient(
    p: Array, y: Array, smooth: Array = 0.0, *, axis: Axes = -1, reduction: str = "mean"
) -> Array:
    """((I + s) (1 - y) - y (U + s)) / (U + s)^2, with the overlap I and the union U."""
    overlap, areas = _areas(p, y, axis)
    union = areas - overlap + smooth
    return shared(((overlap + smooth) * (1 - y) - y * union) / union**2, overlap, reduction)


@IOU.second
def iou_curvature(
    p: Array, y: Array, smooth: Array, v: Array, *, axis: Axes = -1, reduction: str = "mean"
) -> Array:
    """The derivative of the quotient rule: (i (1-y) + y u) / D^2 - 2 (I + s) (1-y) u / D^3, i = y'v, u = (1-y)'v."""
    overlap, areas = _areas(p, y, axis)
    union = areas - overlap + smooth
    met = np.sum(y * v, axis=axis, keepdims=True)
    grown = np.sum((1 - y) * v, axis=axis, keepdims=True)
    bend = (met * (1 - y) + y * grown) / union**2 - 2 * (overlap + smooth) * (1 - y) * grown / union**3
    return shared(bend, overlap, reduction)


@IOU.fact("between 0 and 1: it is sum(p + y - 2 p y) / (U + s), and 1 less such a fraction")
def iou_is_bounded() -> Verdict:
    """The loss as a fraction of two sums of terms that are not negative."""

    def fraction(p: Array, y: Array, smooth: Array) -> Array:
        apart = np.sum(p * (1 - y) + y * (1 - p), axis=-1)
        return np.mean(apart / (np.sum(p + y - p * y, axis=-1) + smooth))

    return check(iou, fraction, MASKS, of="value", domain=WITHIN)


@IOU.fact("symmetric: the two masks may be exchanged")
def iou_is_symmetric() -> Verdict:
    """The value with exchanged arguments."""
    return check(iou, lambda p, y, smooth: iou(y, p, smooth), MASKS, of="value", domain=WITHIN)


@IOU.fact("of the Dice loss D it is 2 D / (1 + D), without smoothing")
def jaccard_of_dice() -> Verdict:
    """Both losses of one pair of masks."""

    def by_dice(p: Array, y: Array) -> Array:
        d = dice(p, y, reduction="none")
        return 2 * d / (1 + d)

    masks = {"p": "n d", "y": "n d"}
    return check(
        lambda p, y: iou(p, y, reduction="none"),
        by_dice,
        masks,
        of="value",
        domain={"p": (0, 1), "y": (0, 1)},
    )


@IOU.mistake("missing_path")
def iou_with_the_union_held(
    p: Array, y: Array, smooth: Array, *, axis: Axes = -1, reduction: str = "mean"
) -> Array:
    """-y / (U + s): the quotient rule without the derivative of the union."""
    overlap, areas = _areas(p, y, axis)
    return shared(-y / (areas - overlap + smooth), overlap, reduction)


@IOU.mistake("missing_path")
def iou_with_the_areas_for_the_union(
    p: Array, y: Array, smooth: Array, *, axis: Axes = -1, reduction: str = "mean"
) -> Array:
    """The union grows by 1 with each entry, as if the overlap did not grow too."""
    overlap, areas = _areas(p, y, axis)
    union = areas - overlap + smooth
    return shared((overlap + smooth - y * union) / union**2, overlap, reduction)
