"""Pooling: the largest entry or the mean of each window, the mean of a whole image, and the way back up."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.library.layers.taps import Setting, Taps
from symdiff.verdicts import Verdict

TIES = "where two entries of a window tie for the largest; the first in reading order gets all, as in torch"


def _windows(rank: int, kernel_size: Setting, stride: Setting | None, padding: Setting = 0) -> Taps:
    kernel = (kernel_size,) * rank if isinstance(kernel_size, int) else kernel_size
    return Taps.of(kernel, kernel if stride is None else stride, padding, 1)


def _rounds(x: Array, axis: int, windows: Taps) -> tuple[Array, list[tuple[Any, Array]]]:
    """The largest of each window along an axis, found tap by tap, and where each tap beats all before it."""
    k = axis - 2
    line = Taps((windows.kernel[k],), (windows.stride[k],), (0,), (1,))
    cuts = [
        ((slice(None),) * axis + cut[1:]) for _, cut in line.places(line.lengths(x.shape[axis : axis + 1]))
    ]
    best, wins = x[cuts[0]], [(cuts[0], np.ones(x[cuts[0]].shape) > 0)]
    for cut in cuts[1:]:
        won = x[cut] > best
        best = np.where(won, x[cut], best)
        wins.append((cut, won))
    return best, wins


def _largest(x: Array, windows: Taps) -> Array:
    """The largest of each window: along the rows, then along the columns."""
    for axis in reversed(range(2, x.ndim)):
        x = _rounds(x, axis, windows)[0]
    return x


def _largest_backward(x: Array, y_bar: Array, windows: Taps) -> Array:
    """Back from the last axis that was reduced; each window's cotangent goes to the tap that won last."""
    passed = []
    for axis in reversed(range(2, x.ndim)):
        best, wins = _rounds(x, axis, windows)
        passed.append((x, wins))
        x = best
    for before, wins in reversed(passed):
        dx = np.zeros_like(before)
        for cut, won in reversed(wins):
            dx[cut] += np.where(won, y_bar, 0)
            y_bar = np.where(won, 0, y_bar)
        y_bar = dx
    return y_bar


def _to_every_largest(x: Array, y_bar: Array, windows: Taps) -> Array:
    y, dx = _largest(x, windows), np.zeros_like(x)
    for _, cut in windows.places(y_bar.shape[2:]):
        dx[cut] += np.where(x[cut] == y, y_bar, 0)
    return dx


def max_pool1d(x: Array, *, kernel_size: Setting = 2, stride: Setting | None = None) -> Array:
    """The largest entry of each window along the last axis; the stride is the window's length if not given.

    ``x`` : b c l; not differentiable where two entries of a window tie.

    >>> max_pool1d(np.array([[[1.0, 3.0, 2.0, 0.0]]])).tolist()
    [[[3.0, 2.0]]]
    """
    return _largest(x, _windows(1, kernel_size, stride))


MAX_POOL1D = Entry(
    max_pool1d,
    "layer",
    (
        Case({"x": "b c 6"}, {"kernel_size": 2}),
        Case({"x": "b c 5"}, {"kernel_size": 3, "stride": 1}),
        Case({"x": "b c 7"}, {"kernel_size": 3, "stride": 2}),
    ),
    source="Riesenhuber and Poggio (1999)",
    names=Names(
        "torch.nn.functional.max_pool1d",
        "flax.linen.max_pool",
        "keras.layers.MaxPooling1D",
        "torch can pad with -inf and dilate; flax and keras have the channels last.",
    ),
    kinks=TIES,
)


@MAX_POOL1D.derivative
def max_pool1d_backward(
    x: Array, y_bar: Array, *, kernel_size: Setting = 2, stride: Setting | None = None
) -> Array:
    """The cotangent goes to the first of the largest entries of its window."""
    return _largest_backward(x, y_bar, _windows(1, kernel_size, stride))


@MAX_POOL1D.mistake("edge")
def max_pool1d_to_every_largest(x: Array, y_bar: Array, *, kernel_size: Setting = 2) -> Array:
    """Where entries tie for the largest, each of them gets the whole cotangent."""
    return _to_every_largest(x, y_bar, _windows(1, kernel_size, None))


def max_pool2d(x: Array, *, kernel_size: Setting = 2, stride: Setting | None = None) -> Array:
    """The largest entry of each window of an image; the stride is the window's size if not given.

    ``x`` : b c h w; not differentiable where two entries of a window tie.

    >>> max_pool2d(np.array([[[[1.0, 3.0], [2.0, 0.0]]]])).tolist()
    [[[[3.0]]]]
    """
    return _largest(x, _windows(2, kernel_size, stride))


MAX_POOL2D = Entry(
    max_pool2d,
    "layer",
    (
        Case({"x": "b c 4 4"}, {"kernel_size": 2}),
        Case({"x": "b c 3 4"}, {"kernel_size": 2, "stride": 1}),
        Case({"x": "b c 5 3"}, {"kernel_size": 3, "stride": 2}),
        Case({"x": "b c 3 5"}, {"kernel_size": (2, 3), "stride": (1, 2)}),
    ),
    source="Riesenhuber and Poggio (1999); Scherer, Mueller and Behnke (2010)",
    names=Names(
        "torch.nn.functional.max_pool2d",
        "flax.linen.max_pool",
        "keras.layers.MaxPooling2D",
        "torch can pad with -inf and dilate; flax and keras have the channels last.",
    ),
    kinks=TIES,
)


@MAX_POOL2D.derivative
def max_pool2d_backward(
    x: Array, y_bar: Array, *, kernel_size: Setting = 2, stride: Setting | None = None
) -> Array:
    """The cotangent goes to the first of the largest entries of its window."""
    return _largest_backward(x, y_bar, _windows(2, kernel_size, stride))


@MAX_POOL2D.mistake("edge")
def max_pool2d_to_every_largest(x: Array, y_bar: Array, *, kernel_size: Setting = 2) -> Array:
    """Where entries tie for the largest, each of them gets the whole cotangent."""
    return _to_every_largest(x, y_bar, _windows(2, kernel_size, None))


def _means(x: Array, windows: Taps) -> Array:
    lengths, wide = windows.lengths(x.shape[2:]), windows.padded(x)
    places = windows.places(lengths)
    return sum(wide[cut] for _, cut in places) / len(places)


def _means_backward(x: Array, y_bar: Array, windows: Taps) -> Array:
    dx, places = np.zeros_like(windows.padded(x)), windows.places(y_bar.shape[2:])
    for _, cut in places:
        dx[cut] += y_bar / len(places)
    return windows.cropped(dx)


def avg_pool1d(
    x: Array, *, kernel_size: Setting = 2, stride: Setting | None = None, padding: Setting = 0
) -> Array:
    """The mean of each window along the last axis; zeros of the padding count.

    ``x`` : b c l; linear.

    >>> avg_pool1d(np.array([[[1.0, 3.0, 2.0, 0.0]]])).tolist()
    [[[2.0, 1.0]]]
    """
    return _means(x, _windows(1, kernel_size, stride, padding))


AVG_POOL1D = Entry(
    avg_pool1d,
    "layer",
    (
        Case({"x": "b c 6"}, {"kernel_size": 2}),
        Case({"x": "b c 5"}, {"kernel_size": 3, "stride": 1, "padding": 1}),
        Case({"x": "b c 7"}, {"kernel_size": 3, "stride": 2}),
    ),
    source="LeCun, Boser, Denker et al. (1990)",
    names=Names(
        "torch.nn.functional.avg_pool1d",
        "flax.linen.avg_pool",
        "keras.layers.AveragePooling1D",
        "keras leaves the padding out of the mean, torch and flax count it.",
    ),
)


@AVG_POOL1D.derivative
def avg_pool1d_backward(
    x: Array, y_bar: Array, *, kernel_size: Setting = 2, stride: Setting | None = None, padding: Setting = 0
) -> Array:
    """Each window spreads its cotangent evenly; where windows overlap the shares add up."""
    return _means_backward(x, y_bar, _windows(1, kernel_size, stride, padding))


@AVG_POOL1D.mistake("factor")
def avg_pool1d_not_divided(x: Array, y_bar: Array, *, kernel_size: int = 2) -> Array:
    """Every entry gets the whole cotangent of its window."""
    return kernel_size * avg_pool1d_backward(x, y_bar, kernel_size=kernel_size)


def avg_pool2d(
    x: Array, *, kernel_size: Setting = 2, stride: Setting | None = None, padding: Setting = 0
) -> Array:
    """The mean of each window of an image; zeros of the padding count.

    ``x`` : b c h w; linear.

    >>> avg_pool2d(np.array([[[[1.0, 3.0], [2.0, 0.0]]]])).tolist()
    [[[[1.5]]]]
    """
    return _means(x, _windows(2, kernel_size, stride, padding))


AVG_POOL2D = Entry(
    avg_pool2d,
    "layer",
    (
        Case({"x": "b c 4 4"}, {"kernel_size": 2}),
        Case({"x": "b c 3 4"}, {"kernel_size": 3, "stride": 1, "padding": 1}),
        Case({"x": "b c 5 3"}, {"kernel_size": (3, 1), "stride": (2, 1)}),
    ),
    source="LeCun, Boser, Denker et al. (1990)",
    names=Names(
        "torch.nn.functional.avg_pool2d",
        "flax.linen.avg_pool",
        "keras.layers.AveragePooling2D",
        "keras leaves the padding out of the mean, torch and flax count it.",
    ),
)


@AVG_POOL2D.derivative
def avg_pool2d_backward(
    x: Array, y_bar: Array, *, kernel_size: Setting = 2, stride: Setting | None = None, padding: Setting = 0
) -> Array:
    """Each window spreads its cotangent evenly; where windows overlap the shares add up."""
    return _means_backward(x, y_bar, _windows(2, kernel_size, stride, padding))


@AVG_POOL2D.fact("Where the windows tile the image, the gradient has the total of the cotangent")
def avg_pool2d_keeps_the_total() -> Verdict:
    """Every window hands on all that it got."""
    return check(
        lambda x, y_bar: avg_pool2d_backward(x, y_bar).sum((2, 3)),
        lambda x, y_bar: y_bar.sum((2, 3)),
        {"x": "b c 4 6", "y_bar": "b c 2 3"},
        of="value",
    )


@AVG_POOL2D.mistake("factor")
def avg_pool2d_divided_by_one_side(x: Array, y_bar: Array, *, kernel_size: int = 2) -> Array:
    """Divides by the length of a side instead of by the number of entries."""
    return kernel_size * avg_pool2d_backward(x, y_bar, kernel_size=kernel_size)
