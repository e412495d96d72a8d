"""Convolution (cross-correlation, as networks use it) in one and two dimensions.

Stride, padding, dilation and groups are numbers; batch and channels are of any size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.library.layers.taps import Setting, Taps
from symdiff.verdicts import Verdict

AXES = {1: "x", 2: "xy"}


def grouped(x: Array, groups: int, axis: int) -> Array:
    """The channels of an axis as groups and channels in a group."""
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


def correlate(x: Array, W: Array, taps: Taps, groups: int) -> Array:
    """Each tap's weights times the entries that it meets, summed over the taps."""
    image, lengths = grouped(taps.padded(x), groups, 1), taps.lengths(x.shape[2:])
    kernel, at = grouped(W, groups, 0), AXES[len(lengths)]
    y = sum(np.einsum(f"bgi{at},goi->bgo{at}", image[cut], kernel[tap]) for tap, cut in taps.places(lengths))
    return y.reshape(x.shape[0], W.shape[0], *lengths)


def correlate_backward(x: Array, W: Array, y_bar: Array, taps: Taps, groups: int) -> tuple[Array, Array]:
    """Each tap sends its weights times the cotangent back to where it read, and keeps the product of the two."""
    image, kernel, up = grouped(taps.padded(x), groups, 1), grouped(W, groups, 0), grouped(y_bar, groups, 1)
    dx, dW, at = np.zeros_like(image), np.zeros_like(kernel), AXES[x.ndim - 2]
    for tap, cut in taps.places(y_bar.shape[2:]):
        dx[cut] += np.einsum(f"bgo{at},goi->bgi{at}", up, kernel[tap])
        dW[tap] = np.einsum(f"bgo{at},bgi{at}->goi", up, image[cut])
    whole = (x.shape[0], x.shape[1], *image.shape[3:])
    return taps.cropped(dx.reshape(whole)), dW.reshape(W.shape)


def by_patches(x: Array, W: Array, taps: Taps, groups: int) -> Array:
    """The same as one product: each patch as a row, each kernel as a column."""
    extents = tuple(d * (k - 1) + 1 for d, k in zip(taps.dilation, taps.kernel, strict=True))
    at, to = AXES[x.ndim - 2], "uv"[: x.ndim - 2]
    windows = sliding_window_view(
        grouped(taps.padded(x), groups, 1), extents, axis=tuple(range(3, x.ndim + 1))
    )
    steps = (slice(None, None, n) for n in (*taps.stride, *taps.dilation))
    patches = windows[(slice(None), slice(None), slice(None), *steps)]
    y = np.einsum(f"bgi{at}{to},goi{to}->bgo{at}", patches, grouped(W, groups, 0))
    return y.reshape(x.shape[0], W.shape[0], *y.shape[3:])


def conv1d(
    x: Array,
    W: Array,
    b: Array,
    *,
    stride: Setting = 1,
    padding: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> Array:
    """Convolution along one axis, ``y[b,o,t] = sum_ik W[o,i,k] x[b,i, t stride + k dilation - padding] + b[o]``.

    ``x`` : b i l; ``W`` : o i/groups k; ``b`` : o. Linear in each argument; ValueError if the kernel is too long.

    >>> conv1d(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[-1.0, 1.0]]]), np.zeros(1)).tolist()
    [[[1.0, 2.0]]]
    """
    taps = Taps.of(W.shape[2:], stride, padding, dilation)
    return correlate(x, W, taps, groups) + b[:, None]


_ONE = {"x": "b i 7", "W": "o i 3", "b": "o"}
CONV1D = Entry(
    conv1d,
    "layer",
    (
        Case(_ONE),
        Case(_ONE, {"padding": 1}),
        Case(_ONE, {"stride": 2, "padding": 1}),
        Case(_ONE, {"dilation": 2, "padding": 2}),
        Case({**_ONE, "x": "b i 8"}, {"stride": 3}),
        Case({**_ONE, "W": "o i 1"}, {"stride": 2}),
        Case({**_ONE, "W": "o i 4"}, {"dilation": 2}),
        Case({"x": "b 2*i 6", "W": "2*o i 3", "b": "2*o"}, {"groups": 2, "stride": 2, "padding": 1}),
    ),
    source="LeCun, Boser, Denker et al. (1989); Waibel, Hanazawa, Hinton, Shikano and Lang (1989)",
    names=Names(
        "torch.nn.functional.conv1d",
        "jax.lax.conv_general_dilated",
        "keras.layers.Conv1D",
        "keras has the channels last and the kernel as k i o.",
    ),
    wrt=("x", "W", "b"),
)


@CONV1D.derivative
def conv1d_backward(
    x: Array,
    W: Array,
    b: Array,
    y_bar: Array,
    *,
    stride: Setting = 1,
    padding: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> Any:
    """dx: the transposed convolution of y_bar; dW: the correlation of x with y_bar; db: a sum."""
    taps = Taps.of(W.shape[2:], stride, padding, dilation)
    return *correlate_backward(x, W, y_bar, taps, groups), y_bar.sum((0, 2))


@CONV1D.form("as a product of patches")
def conv1d_of_patches(
    x: Array,
    W: Array,
    b: Array,
    *,
    stride: Setting = 1,
    padding: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> Array:
    """A sliding window view, and one contraction (im2col)."""
    return by_patches(x, W, Taps.of(W.shape[2:], stride, padding, dilation), groups) + b[:, None]


@CONV1D.fact("A shift of the image shifts the result")
def conv1d_moves_with_its_input() -> Verdict:
    """Without the first entry of an axis, the result is without its first entry."""
    return check(
        lambda x, W, b: conv1d(x[:, :, 1:], W, b),
        lambda x, W, b: conv1d(x, W, b)[:, :, 1:],
        dict(_ONE),
        of="value",
    )


@CONV1D.mistake("missing_reduction", wrt="W")
def conv1d_weight_of_each_example(x: Array, W: Array, b: Array, y_bar: Array) -> Any:
    """The weight gradient of every example by itself, with no sum over the batch."""
    n, taps = y_bar.shape[-1], range(W.shape[-1])
    return np.stack([np.einsum("bol,bil->boi", y_bar, x[:, :, t : t + n]) for t in taps], axis=-1)


@CONV1D.mistake("index", wrt="x")
def conv1d_kernel_not_flipped(x: Array, W: Array, b: Array, y_bar: Array) -> Any:
    """The padded cotangent correlated with the kernel as it is, instead of with the kernel reversed."""
    taps = Taps.of(W.shape[2:], 1, W.shape[2] - 1, 1)
    return correlate(y_bar, W.transpose(1, 0, 2), taps, 1)


def conv2d(
    x: Array,
    W: Array,
    b: Array,
    *,
    stride: Setting = 1,
    padding: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> Array:
    """Convolution of images: each output is ``W`` times the patch of ``x`` under it, plus ``b``.

    ``x`` : b i h w; ``W`` : o i/groups kh kw; ``b`` : o; the settings are one number or a pair.
    Linear in each argument; ValueError if the kernel is larger than the padded image.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)), np.zeros(1), stride=2, padding=1).tolist()
    [[[[1.0, 2.0], [2.0, 4.0]]]]
    """
    taps = Taps.of(W.shape[2:], stride, padding, dilation)
    return correlate(x, W, taps, groups) + b[:, None, None]


_TWO = {"x": "b i 5 4", "W": "o i 3 3", "b": "o"}
CONV2D = Entry(
    conv2d,
    "layer",
    (
        Case(_TWO),
        Case(_TWO, {"padding": 1}),
        Case(_TWO, {"stride": 2, "padding": 1}),
        Case(_TWO, {"stride": (2, 1), "padding": (0, 1)}),
        Case({**_TWO, "W": "o i 2 3"}, {"dilation": 2, "padding": (0, 1)}),
        Case({**_TWO, "W": "o i 1 1"}),
        Case({"x": "b 2*i 4 4", "W": "2*o i 2 2", "b": "2*o"}, {"groups": 2}),
    ),
    source="LeCun, Boser, Denker et al. (1989), section 3; Dumoulin and Visin (2016), sections 2 and 5",
    notes="2.5",
    names=Names(
        "torch.nn.functional.conv2d",
        "jax.lax.conv_general_dilated",
        "keras.layers.Conv2D",
        "keras has the channels last and the kernel as kh kw i o.",
    ),
    wrt=("x", "W", "b"),
)


@CONV2D.derivative
def conv2d_backward(
    x: Array,
    W: Array,
    b: Array,
    y_bar: Array,
    *,
    stride: Setting = 1,
    padding: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> Any:
    """dx: the transposed convolution of y_bar; dW: the correlation of x with y_bar; db: a sum."""
    taps = Taps.of(W.shape[2:], stride, padding, dilation)
    return *correlate_backward(x, W, y_bar, taps, groups), y_bar.sum((0, 2, 3))


@CONV2D.form("as a product of patches")
def conv2d_of_patches(
    x: Array,
    W: Array,
    b: Array,
    *,
    stride: Setting = 1,
    padding: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
) -> Array:
    """A sliding window view, and one contraction (im2col)."""
    return by_patches(x, W, Taps.of(W.shape[2:], stride, padding, dilation), groups) + b[:, None, None]


@CONV2D.fact("A shift of the image shifts the result")
def conv2d_moves_with_its_input() -> Verdict:
    """Without the first entry of an axis, the result is without its first entry."""
    return check(
        lambda x, W, b: conv2d(x[:, :, 1:], W, b),
        lambda x, W, b: conv2d(x, W, b)[:, :, 1:],
        dict(_TWO),
        of="value",
    )


@CONV2D.mistake("missing_reduction", wrt="b")
def conv2d_bias_not_summed_over_positions(x: Array, W: Array, b: Array, y_bar: Array) -> Any:
    """The sum over the batch alone: a bias for every position."""
    return y_bar.sum(0)


@CONV2D.mistake("transpose", wrt="W")
def conv2d_kernel_axes_exchanged(x: Array, W: Array, b: Array, y_bar: Array) -> Any:
    """The two axes of the kernel exchanged."""
    return correlate_backward(x, W, y_bar, Taps.of(W.shape[2:], 1, 0, 1), 1)[1].transpose(0, 1, 3, 2)
