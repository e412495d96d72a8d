"""Losses of overlap for boxes ``(x1, y1, x2, y2)``: IoU and generalized IoU, with gradients by both boxes' corners."""

from __future__ import annotations

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Entry, Names
from symdiff.library.losses.reductions import cases, per_sample, reduced, shared
from symdiff.verdicts import Verdict

BOXES = {"box": "n 4", "target": "n 4"}


def _areas(box: Array, target: Array) -> tuple[Array, Array]:
    """The area of the intersection and of the union of two boxes."""
    low, high = np.maximum(box[..., :2], target[..., :2]), np.minimum(box[..., 2:], target[..., 2:])
    side = np.maximum(high - low, 0)
    overlap = side[..., 0] * side[..., 1]
    return overlap, _area(box) + _area(target) - overlap


def _area(box: Array) -> Array:
    return (box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1])


def _corners(width: Array, height: Array, low: Array, high: Array) -> Array:
    """How an area width * height grows with the corners of a box, of which those in low and high bound it."""
    sides = (-height * low[..., 0], -width * low[..., 1], height * high[..., 0], width * high[..., 1])
    return np.stack(sides, axis=-1)


def _slopes(box: Array, target: Array) -> tuple[Array, Array]:
    """How the intersection and the union grow with the corners of the box."""
    low, high = np.maximum(box[..., :2], target[..., :2]), np.minimum(box[..., 2:], target[..., 2:])
    side = high - low
    width, height = np.maximum(side[..., 0], 0), np.maximum(side[..., 1], 0)
    meeting = (side[..., 0] > 0) * (side[..., 1] > 0)
    inner_low = np.heaviside(box[..., :2] - target[..., :2], 0.5) * meeting[..., None]
    inner_high = np.heaviside(target[..., 2:] - box[..., 2:], 0.5) * meeting[..., None]
    overlap = _corners(width, height, inner_low, inner_high)
    every = np.ones_like(box[..., :2])
    own = _corners(box[..., 2] - box[..., 0], box[..., 3] - box[..., 1], every, every)
    return overlap, own - overlap


def box_iou(box: Array, target: Array, *, reduction: str = "mean") -> Array:
    """One minus the intersection over the union of two boxes, ``1 - I / U``.

    ``box``, ``target`` : n 4, corners x1 < x2 and y1 < y2; values in [0, 1]; not differentiable where an edge of
    one box lies on an edge of the other: the mean of both slopes is taken, which is 0 for equal boxes; boxes that do
    not meet cost 1 with gradient 0 (generalized_box_iou pulls them together); two boxes without area are 0/0: nan
    with NumPy's warning.

    >>> float(box_iou(np.array([[0.0, 0.0, 2.0, 1.0]]), np.array([[1.0, 0.0, 3.0, 1.0]])).round(4))
    0.6667
    """
    overlap, union = _areas(box, target)
    return reduced(1 - overlap / union, reduction)


BOX_IOU = Entry(
    box_iou,
    "loss",
    cases(**BOXES),
    source="Yu et al. (2016), UnitBox, section 3; Jaccard (1901)",
    notes="1.2.6",
    names=Names(
        "torchvision.ops.box_iou",
        differs="torchvision.ops.box_iou returns the index of every pair of boxes; UnitBox takes -log(I / U).",
    ),
    kinks="an edge of one box on an edge of the other: half of the slope of each side, as in torch",
)


@per_sample(BOX_IOU, axes=1)
@BOX_IOU.derivative
def box_iou_gradient(box: Array, target: Array, *, reduction: str = "mean") -> Array:
    """The quotient rule, (I dU - U dI) / U^2."""
    overlap, union = (area[..., None] for area in _areas(box, target))
    d_overlap, d_union = _slopes(box, target)
    return shared((overlap * d_union - union * d_overlap) / union**2, box[..., 0], reduction)


@BOX_IOU.fact("symmetric: the two boxes may be exchanged")
def box_iou_is_symmetric() -> Verdict:
    """The value with exchanged arguments."""
    return check(box_iou, lambda box, target: box_iou(target, box), BOXES, of="value")


@BOX_IOU.fact("does not change when both boxes are moved together")
def box_iou_is_invariant() -> Verdict:
    """The value of boxes moved by (a, b)."""

    def moved(box: Array, target: Array, shift: Array) -> Array:
        both = np.concatenate([shift, shift])
        return box_iou(box + both, target + both)

    def still(box: Array, target: Array, shift: Array) -> Array:
        return box_iou(box, target)

    return check(still, moved, {**BOXES, "shift": "2"}, of="value")


@BOX_IOU.mistake("threshold")
def box_iou_by_the_outer_corners(box: Array, target: Array, *, reduction: str = "mean") -> Array:
    """The intersection moved by the corners that do not bound it: the masks of the other box."""
    overlap, union = (area[..., None] for area in _areas(box, target))
    d_overlap = -_slopes(target, box)[0]
    d_union = _slopes(box, target)[0] + _slopes(box, target)[1] - d_overlap
    return shared((overlap * d_union - union * d_overlap) / union**2, box[..., 0], reduction)


def generalized_box_iou(box: Array, target: Array, *, reduction: str = "mean") -> Array:
    """One minus the generalized IoU of two boxes, ``1 - I / U + (C - U) / C`` with C the box around both.

    ``box``, ``target`` : n 4, corners x1 < x2 and y1 < y2; values in [0, 2); not differentiable where an edge of
    one box lies on an edge of the other (the mean of both slopes is taken, 0 for equal boxes); boxes
    that do not meet still have a gradient that draws them together.

    >>> float(generalized_box_iou(np.array([[0.0, 0.0, 1.0, 1.0]]), np.array([[3.0, 0.0, 4.0, 1.0]])))
    1.5
    """
    overlap, union = _areas(box, target)
    hull = _area(_hull(box, target))
    return reduced(2 - overlap / union - union / hull, reduction)


def _hull(box: Array, target: Array) -> Array:
    """The smallest box around two boxes."""
    low, high = np.minimum(box[..., :2], target[..., :2]), np.maximum(box[..., 2:], target[..., 2:])
    return np.concatenate([low, high], axis=-1)


GENERALIZED_BOX_IOU = Entry(
    generalized_box_iou,
    "loss",
    cases(**BOXES),
    source="Rezatofighi et al. (2019), Generalized intersection over union, algorithm 1",
    notes="1.2.6",
    names=Names(
        "torchvision.ops.generalized_box_iou_loss",
        differs='torchvision adds eps=1e-7 to U and to C and reduces by "none" unless told.',
    ),
    kinks="an edge of one box on an edge of the other: half of the slope of each side, as in torch",
)


@per_sample(GENERALIZED_BOX_IOU, axes=1)
@GENERALIZED_BOX_IOU.derivative
def generalized_box_iou_gradient(box: Array, target: Array, *, reduction: str = "mean") -> Array:
    """The quotient rule twice, (I dU - U dI) / U^2 + (U dC - C dU) / C^2."""
    overlap, union = (area[..., None] for area in _areas(box, target))
    d_overlap, d_union = _slopes(box, target)
    around = _hull(box, target)
    hull = _area(around)[..., None]
    outer_low = np.heaviside(target[..., :2] - box[..., :2], 0.5)
    outer_high = np.heaviside(box[..., 2:] - target[..., 2:], 0.5)
    d_hull = _corners(around[..., 2] - around[..., 0], around[..., 3] - around[..., 1], outer_low, outer_high)
    slope = (overlap * d_union - union * d_overlap) / union**2 + (union * d_hull - hull * d_union) / hull**2
    return shared(slope, box[..., 0], reduction)


@GENERALIZED_BOX_IOU.fact("symmetric: the two boxes may be exchanged")
def generalized_box_iou_is_symmetric() -> Verdict:
    """The value with exchanged arguments."""
    return check(generalized_box_iou, lambda box, target: generalized_box_iou(target, box), BOXES, of="value")


@GENERALIZED_BOX_IOU.mistake("missing_path")
def generalized_box_iou_without_the_hull(box: Array, target: Array, *, reduction: str = "mean") -> Array:
    """The gradient of IoU alone."""
    return box_iou_gradient(box, target, reduction=reduction)
