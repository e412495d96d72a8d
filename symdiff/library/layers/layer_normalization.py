"""Layers that normalise each example by itself: layer norm, root-mean-square norm, instance norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.verdicts import Verdict


def _mean(v: Array) -> Array:
    return v.mean(-1, keepdims=True)


def _over_examples(x: Array) -> tuple[int, ...]:
    return tuple(range(x.ndim - 1))


def layer_norm(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> Array:
    """Layer normalisation over the last axis, ``y = gamma (x - mean) / sqrt(var + eps) + beta``.

    ``x`` : any axes, the last is d; ``gamma``, ``beta`` : d; the variance is the biased one. Smooth for eps > 0.

    >>> layer_norm(np.array([1.0, 3.0]), np.ones(2), np.zeros(2), eps=0).tolist()
    [-1.0, 1.0]
    """
    centred = x - _mean(x)
    return gamma * centred / np.sqrt(_mean(centred**2) + eps) + beta


LAYER_NORM = Entry(
    layer_norm,
    "layer",
    (
        Case({"x": "n d", "gamma": "d", "beta": "d"}),
        Case({"x": "b t d", "gamma": "d", "beta": "d"}, {"eps": 1e-6}),
    ),
    source="Ba, Kiros and Hinton (2016), equations 3 and 4",
    names=Names(
        "torch.nn.functional.layer_norm",
        "flax.linen.LayerNorm",
        "keras.layers.LayerNormalization",
        "flax takes eps = 1e-6, keras 1e-3.",
    ),
    wrt=("x", "gamma", "beta"),
)


@LAYER_NORM.derivative
def layer_norm_backward(x: Array, gamma: Array, beta: Array, y_bar: Array, *, eps: float = 1e-5) -> Any:
    """dx = r (g - mean(g) - x_hat mean(g x_hat)), with g = gamma y_bar and r = 1/sqrt(var + eps)."""
    r = 1 / np.sqrt(x.var(-1, keepdims=True) + eps)
    x_hat, g = (x - _mean(x)) * r, gamma * y_bar
    axes = _over_examples(x)
    return r * (g - _mean(g) - x_hat * _mean(g * x_hat)), (y_bar * x_hat).sum(axes), y_bar.sum(axes)


@LAYER_NORM.mistake("wrong_axis", wrt="x")
def layer_norm_over_the_batch(x: Array, gamma: Array, beta: Array, y_bar: Array, *, eps: float = 1e-5) -> Any:
    """The means of the cotangent over the batch, as batch norm takes them."""
    r = 1 / np.sqrt(x.var(-1, keepdims=True) + eps)
    x_hat, g = (x - _mean(x)) * r, gamma * y_bar
    return r * (g - g.mean(0) - x_hat * (g * x_hat).mean(0))


@LAYER_NORM.mistake("missing_path", wrt="x")
def layer_norm_without_the_variance(
    x: Array, gamma: Array, beta: Array, y_bar: Array, *, eps: float = 1e-5
) -> Any:
    """The variance held fixed."""
    g = gamma * y_bar
    return (g - _mean(g)) / np.sqrt(x.var(-1, keepdims=True) + eps)


@LAYER_NORM.fact("With gamma = 1 and beta = 0, each row of the output has the mean 0")
def layer_norm_is_centred() -> Verdict:
    """The mean over the last axis is 0 for every row."""
    return check(
        lambda x: _mean(layer_norm(x, 1, 0)), lambda x: np.zeros((x.shape[0], 1)), {"x": "n d"}, of="value"
    )


@LAYER_NORM.fact("The gradient by x sums to 0 along the normalised axis, whatever the cotangent")
def layer_norm_gradient_is_centred() -> Verdict:
    """A shift of a row changes nothing."""

    def total(x: Array, gamma: Array, beta: Array, y_bar: Array) -> Array:
        return layer_norm_backward(x, gamma, beta, y_bar)[0].sum(-1)

    shapes = {"x": "n d", "gamma": "d", "beta": "d", "y_bar": "n d"}
    return check(total, lambda x, gamma, beta, y_bar: np.zeros(x.shape[0]), shapes, of="value")


@LAYER_NORM.fact("The derivative is right for every eps > 0")
def layer_norm_for_every_eps() -> Verdict:
    """eps as an argument of the function."""
    return check(
        lambda x, gamma, beta, eps: layer_norm(x, gamma, beta, eps=eps),
        lambda x, gamma, beta, eps, y_bar: layer_norm_backward(x, gamma, beta, y_bar, eps=eps),
        {"x": "n d", "gamma": "d", "beta": "d", "eps": ""},
        wrt=("x", "gamma", "beta"),
        of="vjp",
        domain={"eps": (0, None)},
    )


def rms_norm(x: Array, gamma: Array, *, eps: float = 1e-6) -> Array:
    """Root-mean-square normalisation over the last axis, ``y = gamma x / sqrt(mean(x^2) + eps)``.

    ``x`` : any axes, the last is d; ``gamma`` : d. Smooth for eps > 0.

    >>> rms_norm(np.array([3.0, 4.0, 0.0, 0.0]), np.ones(4), eps=0).tolist()
    [1.2, 1.6, 0.0, 0.0]
    """
    return gamma * x / np.sqrt(_mean(x**2) + eps)


RMS_NORM = Entry(
    rms_norm,
    "layer",
    (
        Case({"x": "n d", "gamma": "d"}),
        Case({"x": "b t d", "gamma": "d"}, {"eps": 1e-5}),
    ),
    source="Zhang and Sennrich (2019), equation 4",
    names=Names(
        "torch.nn.functional.rms_norm",
        "flax.linen.RMSNorm",
        "keras.layers.RMSNormalization",
        "torch takes for eps the spacing of the dtype at 1 if none is given (2.2e-16 in float64, 1.2e-7 in"
        " float32); flax and keras take 1e-6.",
    ),
    wrt=("x", "gamma"),
)


@RMS_NORM.derivative
def rms_norm_backward(x: Array, gamma: Array, y_bar: Array, *, eps: float = 1e-6) -> Any:
    """dx = r (g - x_hat mean(g x_hat)), with g = gamma y_bar, r = 1/sqrt(mean(x^2) + eps)."""
    r = 1 / np.sqrt(_mean(x**2) + eps)
    x_hat, g = x * r, gamma * y_bar
    return r * (g - x_hat * _mean(g * x_hat)), (y_bar * x_hat).sum(_over_examples(x))


@RMS_NORM.mistake("extra_term", wrt="x")
def rms_norm_as_layer_norm(x: Array, gamma: Array, y_bar: Array, *, eps: float = 1e-6) -> Any:
    """Takes the mean of the cotangent away, as layer norm does; here no mean was taken from x."""
    r = 1 / np.sqrt(_mean(x**2) + eps)
    x_hat, g = x * r, gamma * y_bar
    return r * (g - _mean(g) - x_hat * _mean(g * x_hat))


@RMS_NORM.mistake("missing_path", wrt="x")
def rms_norm_with_a_fixed_scale(x: Array, gamma: Array, y_bar: Array, *, eps: float = 1e-6) -> Any:
    """The root mean square held fixed."""
    return gamma * y_bar / np.sqrt(_mean(x**2) + eps)


def instance_norm(x: Array, *, eps: float = 1e-5) -> Array:
    """Instance normalisation of images: each channel of each example with mean 0 and variance 1.

    ``x`` : b c h w; the variance is the biased one. Smooth for eps > 0.

    >>> instance_norm(np.array([[[[1.0, 3.0]]]]), eps=0).tolist()
    [[[[-1.0, 1.0]]]]
    """
    centred = x - x.mean((2, 3), keepdims=True)
    return centred / np.sqrt((centred**2).mean((2, 3), keepdims=True) + eps)


INSTANCE_NORM = Entry(
    instance_norm,
    "layer",
    {"x": "b c h w"},
    source="Ulyanov, Vedaldi and Lempitsky (2016), equation 1",
    names=Names(
        "torch.nn.functional.instance_norm",
        "flax.linen.InstanceNorm",
        "keras.layers.GroupNormalization(groups=-1)",
        "flax and keras have the channels last and scale and shift each channel by default.",
    ),
)


@INSTANCE_NORM.derivative
def instance_norm_backward(x: Array, y_bar: Array, *, eps: float = 1e-5) -> Array:
    """dx = r (y_bar - mean(y_bar) - y mean(y y_bar)), the means over the positions."""
    r = 1 / np.sqrt(x.var((2, 3), keepdims=True) + eps)
    y = (x - x.mean((2, 3), keepdims=True)) * r
    through = y_bar.mean((2, 3), keepdims=True) + y * (y * y_bar).mean((2, 3), keepdims=True)
    return r * (y_bar - through)


@INSTANCE_NORM.mistake("missing_path")
def instance_norm_without_the_variance(x: Array, y_bar: Array, *, eps: float = 1e-5) -> Array:
    """The variance held fixed."""
    r = 1 / np.sqrt(x.var((2, 3), keepdims=True) + eps)
    return r * (y_bar - y_bar.mean((2, 3), keepdims=True))
