"""How are labelled axes brought into an order? Source for transposes, diagonals, new and merged axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from symdiff.evaluation.instructions import View

Labels = tuple[int, ...]


def labelled(view: View, labels: Sequence[int], sizes: Mapping[int, int]) -> tuple[View, Labels]:
    """The view without its repeated axes and axes of length 1, and the labels of those that are left."""
    labels = tuple(labels)[len(labels) - len(view.shape) :]
    wanted = [axis for axis, length in enumerate(view.shape) if length != 1]
    if len(wanted) < len(labels):
        index = ", ".join(":" if axis in wanted else "0" for axis in range(len(labels)))
        whole = "" if wanted else ", ..."  # a view, where [0] alone would be a copy of the entry
        view = view.then(f"{{}}[{index}{whole}]", tuple(view.shape[axis] for axis in wanted))
        labels = tuple(labels[axis] for axis in wanted)
    distinct = tuple(dict.fromkeys(labels))
    if len(distinct) < len(labels):
        groups = tuple(tuple(i for i, k in enumerate(labels) if k == label) for label in distinct)
        view = view.then(f"diagonal({{}}, {groups})", tuple(sizes[k] for k in distinct))
    return view, distinct


def ordered(view: View, labels: Labels, order: Labels) -> View:
    """The axes in the order of ``order``; labels of it that the view lacks become axes of length 1."""
    present = tuple(k for k in order if k in labels)
    shape = tuple(view.shape[labels.index(k)] for k in present)
    if present != labels:
        axes = tuple(labels.index(k) for k in present)
        view = view.then("{}.T" if axes == (1, 0) else f"{{}}.transpose{axes}", shape)
    first = next((i for i, k in enumerate(order) if k in labels), len(order))
    tail = order[first:]
    if len(tail) > len(present):
        index = ", ".join(":" if k in labels else "None" for k in tail)
        sizes = dict(zip(present, shape, strict=True))
        view = view.then(f"{{}}[{index}]", tuple(sizes.get(k, 1) for k in tail))
    return view


def grouped(view: View, labels: Labels, groups: Sequence[Labels]) -> View:
    """One axis for each group of labels, in order; an empty group gives no axis."""
    view = ordered(view, labels, tuple(k for group in groups for k in group))
    sizes = iter(view.shape)
    shape = tuple(prod(next(sizes) for _ in group) for group in groups if group)
    if shape == view.shape:
        return view
    return view.then(f"{{}}.reshape{shape}" if len(shape) > 1 else f"{{}}.reshape({shape[0]})", shape)
