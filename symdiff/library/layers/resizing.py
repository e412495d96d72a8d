"""Layers that change the size of an image as a whole: its mean, and the nearest-neighbour enlargement."""

from __future__ import annotations

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.library.layers.pooling import avg_pool2d
from symdiff.verdicts import Verdict


def global_avg_pool2d(x: Array) -> Array:
    """The mean of each channel over the whole image, ``y[b,c] = mean_hw x[b,c,h,w]``.

    ``x`` : b c h w; the result : b c; linear.

    >>> global_avg_pool2d(np.array([[[[1.0, 3.0], [2.0, 0.0]]]])).tolist()
    [[1.5]]
    """
    return x.mean((2, 3))


GLOBAL_AVG_POOL2D = Entry(
    global_avg_pool2d,
    "layer",
    {"x": "b c h w"},
    source="Lin, Chen and Yan (2014), section 3.2",
    names=Names(
        "torch.nn.functional.adaptive_avg_pool2d(output_size=1)",
        "jax.numpy.mean",
        "keras.layers.GlobalAveragePooling2D",
        "torch keeps the two axes with length 1; keras has the channels last.",
    ),
)


@GLOBAL_AVG_POOL2D.derivative
def global_avg_pool2d_backward(x: Array, y_bar: Array) -> Array:
    """The same share of the cotangent at every position."""
    height, width = x.shape[2:]
    return np.broadcast_to(y_bar[:, :, None, None] / (height * width), x.shape)


@GLOBAL_AVG_POOL2D.mistake("factor")
def global_avg_pool2d_not_divided(x: Array, y_bar: Array) -> Array:
    """The whole cotangent at every position."""
    return np.broadcast_to(y_bar[:, :, None, None], x.shape)


def upsample_nearest2d(x: Array, *, scale_factor: int = 2) -> Array:
    """Nearest-neighbour enlargement: each entry becomes a square of ``scale_factor`` by ``scale_factor``.

    ``x`` : b c h w; the result : b c h*s w*s; linear.

    >>> upsample_nearest2d(np.array([[[[1.0, 2.0]]]])).tolist()
    [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]
    """
    return np.repeat(np.repeat(x, scale_factor, axis=2), scale_factor, axis=3)


UPSAMPLE_NEAREST2D = Entry(
    upsample_nearest2d,
    "layer",
    tuple(Case({"x": "b c h w"}, {"scale_factor": s}) for s in (1, 2, 3)),
    source="Odena, Dumoulin and Olah (2016), resize before convolution",
    names=Names(
        "torch.nn.functional.interpolate(mode='nearest')",
        "jax.image.resize(method='nearest')",
        "keras.layers.UpSampling2D",
        "keras has the channels last.",
    ),
)


@UPSAMPLE_NEAREST2D.derivative
def upsample_nearest2d_backward(x: Array, y_bar: Array, *, scale_factor: int = 2) -> Array:
    """The sum of the cotangent over each square."""
    batch, channels, height, width = x.shape
    squares = y_bar.reshape(batch, channels, height, scale_factor, width, scale_factor)
    return squares.sum((3, 5))


@UPSAMPLE_NEAREST2D.mistake("factor", case=Case({"x": "b c h w"}, {"scale_factor": 2}))
def upsample_nearest2d_averaged(x: Array, y_bar: Array, *, scale_factor: int = 2) -> Array:
    """The mean over each square instead of the sum."""
    return upsample_nearest2d_backward(x, y_bar, scale_factor=scale_factor) / scale_factor**2


@UPSAMPLE_NEAREST2D.fact("The mean over each square takes it back")
def upsample_nearest2d_is_undone_by_the_mean() -> Verdict:
    """On an image of 2 by 3, enlarged three times."""
    return check(
        lambda x: avg_pool2d(upsample_nearest2d(x, scale_factor=3), kernel_size=3),
        lambda x: x,
        {"x": "b c 2 3"},
        of="value",
    )
