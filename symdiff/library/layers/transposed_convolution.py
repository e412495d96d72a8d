"""Transposed convolution: the adjoint of convolution as a layer of its own, for decoders that enlarge an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.library.layers.convolution import AXES, conv1d, conv2d, grouped
from symdiff.library.layers.taps import Setting, Taps
from symdiff.verdicts import Verdict


def spread(x: Array, W: Array, taps: Taps, output_padding: Setting, groups: int) -> Array:
    """Each entry of ``x`` times the whole kernel, laid on the image and added up."""
    lengths, at = x.shape[2:], AXES[x.ndim - 2]
    extra = (output_padding,) * len(lengths) if isinstance(output_padding, int) else output_padding
    wide = [n + 2 * p for n, p in zip(taps.image(lengths, extra), taps.padding, strict=True)]
    image, kernel = grouped(x, groups, 1), grouped(W, groups, 0)
    y = np.zeros((x.shape[0], groups, W.shape[1], *wide), dtype=x.dtype)
    for tap, cut in taps.places(lengths):
        y[cut] += np.einsum(f"bgi{at},gio->bgo{at}", image, kernel[tap])
    return taps.cropped(y.reshape(x.shape[0], groups * W.shape[1], *wide))


def spread_backward(x: Array, W: Array, y_bar: Array, taps: Taps, groups: int) -> tuple[Array, Array]:
    """A convolution of the cotangent, and the products of what each tap joins."""
    up, image = grouped(taps.padded(y_bar), groups, 1), grouped(x, groups, 1)
    kernel, at = grouped(W, groups, 0), AXES[x.ndim - 2]
    dx, dW = np.zeros_like(image), np.zeros_like(kernel)
    for tap, cut in taps.places(x.shape[2:]):
        dx += np.einsum(f"bgo{at},gio->bgi{at}", up[cut], kernel[tap])
        dW[tap] = np.einsum(f"bgi{at},bgo{at}->gio", image, up[cut])
    return dx.reshape(x.shape), dW.reshape(W.shape)


def conv_transpose1d(
    x: Array,
    W: Array,
    b: Array,
    *,
    stride: Setting = 1,
    padding: Setting = 0,
    output_padding: Setting = 0,
    groups: int = 1,
    dilation: Setting = 1,
) -> Array:
    """Transposed convolution: ``x[b,i,t] W[i,o,k]`` is added to ``y[b,o]`` at t stride + k dilation - padding.

    ``x`` : b i l; ``W`` : i o/groups k; ``b`` : o; the result has (l - 1) stride - 2 padding + dilation (k - 1) +
    output_padding + 1 places. Linear in each argument.

    >>> conv_transpose1d(np.array([[[1.0, 2.0]]]), np.ones((1, 1, 2)), np.zeros(1), stride=2).tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    """
    taps = Taps.of(W.shape[2:], stride, padding, dilation)
    return spread(x, W, taps, output_padding, groups) + b[:, None]


_ONE = {"x": "b i 4", "W": "i o 3", "b": "o"}
CONV_TRANSPOSE1D = Entry(
    conv_transpose1d,
    "layer",
    (
        Case(_ONE),
        Case(_ONE, {"stride": 2}),
        Case(_ONE, {"stride": 2, "padding": 1, "output_padding": 1}),
        Case({**_ONE, "W": "i o 2"}, {"stride": 2, "dilation": 2}),
        Case({"x": "b 2*i 3", "W": "2*i o 2", "b": "2*o"}, {"groups": 2, "stride": 2}),
    ),
    source="Zeiler, Krishnan, Taylor and Fergus (2010); Dumoulin and Visin (2016), section 4",
    names=Names(
        "torch.nn.functional.conv_transpose1d",
        "jax.lax.conv_transpose",
        "keras.layers.Conv1DTranspose",
        "jax turns the kernel round unless transpose_kernel=True; keras has the channels last.",
    ),
    wrt=("x", "W", "b"),
)


@CONV_TRANSPOSE1D.derivative
def conv_transpose1d_backward(
    x: Array,
    W: Array,
    b: Array,
    y_bar: Array,
    *,
    stride: Setting = 1,
    padding: Setting = 0,
    output_padding: Setting = 0,
    groups: int = 1,
    dilation: Setting = 1,
) -> Any:
    """dx: the convolution of y_bar by the same kernel; dW: products tap by tap; db: a sum."""
    taps = Taps.of(W.shape[2:], stride, padding, dilation)
    return *spread_backward(x, W, y_bar, taps, groups), y_bar.sum((0, 2))


@CONV_TRANSPOSE1D.mistake("index", wrt="W")
def conv_transpose1d_weight_reversed(x: Array, W: Array, b: Array, y_bar: Array) -> Any:
    """The weight gradient with its taps in the order of a convolution that was turned round."""
    return spread_backward(x, W, y_bar, Taps.of(W.shape[2:], 1, 0, 1), 1)[1][:, :, ::-1]


@CONV_TRANSPOSE1D.fact("It is the adjoint of convolution: <y, conv1d(x)> = <conv_transpose1d(y), x>")
def conv_transpose1d_is_the_adjoint() -> Verdict:
    """With stride 2 and padding 1, on an image of 5."""
    settings = {"stride": 2, "padding": 1}

    def forward(x: Array, W: Array, y: Array) -> Array:
        return np.sum(y * conv1d(x, W, np.zeros(W.shape[0]), **settings))

    def backward(x: Array, W: Array, y: Array) -> Array:
        return np.sum(conv_transpose1d(y, W, np.zeros(W.shape[1]), **settings) * x)

    return check(forward, backward, {"x": "b i 5", "W": "o i 3", "y": "b o 3"}, of="value")


def conv_transpose2d(
    x: Array,
    W: Array,
    b: Array,
    *,
    stride: Setting = 1,
    padding: Setting = 0,
    output_padding: Setting = 0,
    groups: int = 1,
    dilation: Setting = 1,
) -> Array:
    """Transposed convolution of images: every entry of ``x`` lays its multiple of the kernel on the result.

    ``x`` : b i h w; ``W`` : i o/groups kh kw; ``b`` : o; the settings are one number or a pair. Linear in each
    argument.

    >>> conv_transpose2d(np.ones((1, 1, 1, 2)), np.ones((1, 1, 2, 2)), np.zeros(1)).tolist()
    [[[[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]]]
    """
    taps = Taps.of(W.shape[2:], stride, padding, dilation)
    return spread(x, W, taps, output_padding, groups) + b[:, None, None]


_TWO = {"x": "b i 3 2", "W": "i o 3 3", "b": "o"}
CONV_TRANSPOSE2D = Entry(
    conv_transpose2d,
    "layer",
    (
        Case({**_TWO, "W": "i o 2 2"}, {"stride": 2}),
        Case(_TWO, {"stride": 2, "padding": 1, "output_padding": 1}),
        Case(_TWO, {"stride": (1, 2), "padding": (0, 1)}),
        Case({"x": "b 2*i 2 2", "W": "2*i o 2 2", "b": "2*o"}, {"groups": 2, "stride": 2}),
    ),
    source="Zeiler, Krishnan, Taylor and Fergus (2010); Dumoulin and Visin (2016), section 4",
    names=Names(
        "torch.nn.functional.conv_transpose2d",
        "jax.lax.conv_transpose",
        "keras.layers.Conv2DTranspose",
        "jax turns the kernel round unless transpose_kernel=True; keras has the channels last.",
    ),
    wrt=("x", "W", "b"),
)


@CONV_TRANSPOSE2D.derivative
def conv_transpose2d_backward(
    x: Array,
    W: Array,
    b: Array,
    y_bar: Array,
    *,
    stride: Setting = 1,
    padding: Setting = 0,
    output_padding: Setting = 0,
    groups: int = 1,
    dilation: Setting = 1,
) -> Any:
    """dx: the convolution of y_bar by the same kernel; dW: products tap by tap; db: a sum."""
    taps = Taps.of(W.shape[2:], stride, padding, dilation)
    return *spread_backward(x, W, y_bar, taps, groups), y_bar.sum((0, 2, 3))


@CONV_TRANSPOSE2D.mistake("missing_reduction", wrt="b")
def conv_transpose2d_bias_of_each_example(
    x: Array, W: Array, b: Array, y_bar: Array, *, stride: Setting = 1
) -> Any:
    """The sum over the positions alone, not over the batch."""
    return y_bar.sum((2, 3))


@CONV_TRANSPOSE2D.mistake("transpose", wrt="W")
def conv_transpose2d_kernel_axes_exchanged(
    x: Array, W: Array, b: Array, y_bar: Array, *, stride: Setting = 1
) -> Any:
    """The two axes of the kernel exchanged."""
    taps = Taps.of(W.shape[2:], stride, 0, 1)
    return spread_backward(x, W, y_bar, taps, 1)[1].transpose(0, 1, 3, 2)


@CONV_TRANSPOSE2D.fact("It is the adjoint of convolution: <y, conv2d(x)> = <conv_transpose2d(y), x>")
def conv_transpose2d_is_the_adjoint() -> Verdict:
    """With stride 2 and padding 1, on an image of 5 by 3."""
    settings = {"stride": 2, "padding": 1}

    def forward(x: Array, W: Array, y: Array) -> Array:
        return np.sum(y * conv2d(x, W, np.zeros(W.shape[0]), **settings))

    def backward(x: Array, W: Array, y: Array) -> Array:
        return np.sum(conv_transpose2d(y, W, np.zeros(W.shape[1]), **settings) * x)

    return check(forward, backward, {"x": "b i 5 3", "W": "o i 3 3", "y": "b o 3 2"}, of="value")
