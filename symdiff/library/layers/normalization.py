"""Layers that normalise over the batch or over groups of channels: batch, group and instance norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.checking.checks import check
from symdiff.library import Array, Case, Entry, Names
from symdiff.verdicts import Verdict


def _others(x: Array) -> tuple[int, ...]:
    """All axes but the channels'."""
    return (0, *range(2, x.ndim))


def _by_channel(v: Array, x: Array) -> Array:
    """One number a channel, beside an array of b c and any further axes."""
    return v.reshape(-1, *(1 for _ in range(2, x.ndim)))


def batch_norm(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> Array:
    """Batch normalisation in training, ``y = gamma (x - mean) / sqrt(var + eps) + beta``.

    ``x`` : b c and any further axes; ``gamma``, ``beta`` : c; the mean and the (biased) variance of each channel
    are over all other axes. Smooth for eps > 0. A batch of no examples gives an empty array.

    >>> batch_norm(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), eps=0).tolist()
    [[-1.0], [1.0]]
    """
    axes = _others(x)
    centred = x - x.mean(axes, keepdims=True)
    r = 1 / np.sqrt((centred**2).mean(axes, keepdims=True) + eps)
    return centred * r * _by_channel(gamma, x) + _by_channel(beta, x)


BATCH_NORM = Entry(
    batch_norm,
    "layer",
    (
        Case({"x": "n c", "gamma": "c", "beta": "c"}),
        Case({"x": "b c h w", "gamma": "c", "beta": "c"}, {"eps": 1e-3}),
    ),
    source="Ioffe and Szegedy (2015), algorithm 1 and the gradients of section 3",
    names=Names(
        "torch.nn.functional.batch_norm",
        "flax.linen.BatchNorm",
        "keras.layers.BatchNormalization",
        "flax and keras have the channels last, keras takes eps = 1e-3; torch keeps the unbiased variance as its"
        " running statistic, but normalises by the biased one.",
    ),
    wrt=("x", "gamma", "beta"),
)


@BATCH_NORM.derivative
def batch_norm_backward(x: Array, gamma: Array, beta: Array, y_bar: Array, *, eps: float = 1e-5) -> Any:
    """dx = gamma r (y_bar - mean(y_bar) - x_hat mean(y_bar x_hat)), with r = 1/sqrt(var + eps)."""
    axes = _others(x)
    r = 1 / np.sqrt(x.var(axes, keepdims=True) + eps)
    x_hat = (x - x.mean(axes, keepdims=True)) * r
    through = y_bar.mean(axes, keepdims=True) + x_hat * (y_bar * x_hat).mean(axes, keepdims=True)
    return _by_channel(gamma, x) * r * (y_bar - through), (y_bar * x_hat).sum(axes), y_bar.sum(axes)


@BATCH_NORM.mistake("missing_path", wrt="x")
def batch_norm_without_the_variance(
    x: Array, gamma: Array, beta: Array, y_bar: Array, *, eps: float = 1e-5
) -> Any:
    """The variance held fixed: only the path by the mean."""
    axes = _others(x)
    r = 1 / np.sqrt(x.var(axes, keepdims=True) + eps)
    return _by_channel(gamma, x) * r * (y_bar - y_bar.mean(axes, keepdims=True))


@BATCH_NORM.mistake("missing_path", wrt="x")
def batch_norm_with_frozen_statistics(
    x: Array, gamma: Array, beta: Array, y_bar: Array, *, eps: float = 1e-5
) -> Any:
    """The rule of inference, where mean and variance do not depend on the batch."""
    return _by_channel(gamma, x) * y_bar / np.sqrt(x.var(_others(x), keepdims=True) + eps)


@BATCH_NORM.fact(
    "Batch norm does not see the scale of its input: s x with eps s^2 gives what x gives with eps"
)
def batch_norm_has_no_scale() -> Verdict:
    """At eps = 0 the output does not change with s at all."""

    def scaled(x: Array, s: Array, gamma: Array, beta: Array, eps: Array) -> Array:
        return batch_norm(s * x, gamma, beta, eps=eps * s**2)

    def plain(x: Array, s: Array, gamma: Array, beta: Array, eps: Array) -> Array:
        return batch_norm(x, gamma, beta, eps=eps)

    shapes = {"x": "n c", "s": "", "gamma": "c", "beta": "c", "eps": ""}
    return check(scaled, plain, shapes, of="value", domain={"s": (0, None), "eps": (0, None)})


@BATCH_NORM.fact("The gradient by x sums to 0 over the batch, whatever the cotangent")
def batch_norm_gradient_is_centred() -> Verdict:
    """A shift of all examples changes nothing."""

    def total(x: Array, gamma: Array, beta: Array, y_bar: Array) -> Array:
        return batch_norm_backward(x, gamma, beta, y_bar)[0].sum(0)

    shapes = {"x": "n c", "gamma": "c", "beta": "c", "y_bar": "n c"}
    return check(total, lambda x, gamma, beta, y_bar: np.zeros(x.shape[1]), shapes, of="value")


def batch_norm_inference(
    x: Array, mean: Array, var: Array, gamma: Array, beta: Array, *, eps: float = 1e-5
) -> Array:
    """Batch normalisation with given statistics, ``y = gamma (x - mean) / sqrt(var + eps) + beta``.

    ``x`` : b c and any further axes; the others : c; affine in ``x``, smooth for var + eps > 0.

    >>> batch_norm_inference(np.array([[5.0]]), np.ones(1), 4 * np.ones(1), np.ones(1), np.zeros(1), eps=0).item()
    2.0
    """
    r = 1 / np.sqrt(var + eps)
    return (x - _by_channel(mean, x)) * _by_channel(r * gamma, x) + _by_channel(beta, x)


BATCH_NORM_INFERENCE = Entry(
    batch_norm_inference,
    "layer",
    (
        Case({"x": "n c", "mean": "c", "var": "c", "gamma": "c", "beta": "c"}),
        Case({"x": "b c h w", "mean": "c", "var": "c", "gamma": "c", "beta": "c"}),
    ),
    source="Ioffe and Szegedy (2015), algorithm 2",
    names=Names(
        "torch.nn.functional.batch_norm(training=False)",
        "flax.linen.BatchNorm(use_running_average=True)",
        "keras.layers.BatchNormalization",
        "flax and keras have the channels last, keras takes eps = 1e-3.",
    ),
    wrt=("x", "mean", "var", "gamma", "beta"),
    domain={"var": (0, None)},
)


@BATCH_NORM_INFERENCE.derivative
def batch_norm_inference_backward(
    x: Array, mean: Array, var: Array, gamma: Array, beta: Array, y_bar: Array, *, eps: float = 1e-5
) -> Any:
    """Every entry by itself; d(var) = -gamma r^3 / 2 times the sum of y_bar (x - mean)."""
    axes, r = _others(x), 1 / np.sqrt(var + eps)
    shifted = (y_bar * (x - _by_channel(mean, x))).sum(axes)
    total = y_bar.sum(axes)
    dx = y_bar * _by_channel(gamma * r, x)
    return dx, -gamma * r * total, -gamma * r**3 * shifted / 2, r * shifted, total


@BATCH_NORM_INFERENCE.mistake("factor", wrt="var")
def batch_norm_inference_without_the_half(
    x: Array, mean: Array, var: Array, gamma: Array, beta: Array, y_bar: Array, *, eps: float = 1e-5
) -> Any:
    """The slope of 1/sqrt(v) without its 1/2."""
    shifted = (y_bar * (x - _by_channel(mean, x))).sum(_others(x))
    return -gamma * (var + eps) ** -1.5 * shifted


def group_norm(x: Array, gamma: Array, beta: Array, *, num_groups: int = 1, eps: float = 1e-5) -> Array:
    """Group normalisation: each example's channels in groups, each group with mean 0 and variance 1.

    ``x`` : b c and any further axes, c divisible by ``num_groups``; ``gamma``, ``beta`` : c. Smooth for eps > 0.

    >>> group_norm(np.array([[1.0, 3.0]]), np.ones(2), np.zeros(2), eps=0).tolist()
    [[-1.0, 1.0]]
    """
    grouped = _in_groups(x, num_groups)
    axes = tuple(range(2, grouped.ndim))
    x_hat = (grouped - grouped.mean(axes, keepdims=True)) / np.sqrt(grouped.var(axes, keepdims=True) + eps)
    return x_hat.reshape(x.shape) * _by_channel(gamma, x) + _by_channel(beta, x)


def _in_groups(x: Array, num_groups: int) -> Array:
    return x.reshape(x.shape[0], num_groups, x.shape[1] // num_groups, *x.shape[2:])


GROUP_NORM = Entry(
    group_norm,
    "layer",
    (
        Case({"x": "b c h w", "gamma": "c", "beta": "c"}, {"num_groups": 1}),
        Case({"x": "b 2*c h w", "gamma": "2*c", "beta": "2*c"}, {"num_groups": 2}),
        Case({"x": "b 3*c l", "gamma": "3*c", "beta": "3*c"}, {"num_groups": 3}),
    ),
    source="Wu and He (2018), equations 1-6",
    names=Names(
        "torch.nn.functional.group_norm",
        "flax.linen.GroupNorm",
        "keras.layers.GroupNormalization",
        "flax and keras have the channels last; flax takes eps = 1e-6, keras 1e-3.",
    ),
    wrt=("x", "gamma", "beta"),
)


@GROUP_NORM.derivative
def group_norm_backward(
    x: Array, gamma: Array, beta: Array, y_bar: Array, *, num_groups: int = 1, eps: float = 1e-5
) -> Any:
    """Layer norm's rule in each group, with gamma y_bar for its cotangent."""
    grouped = _in_groups(x, num_groups)
    axes = tuple(range(2, grouped.ndim))
    r = 1 / np.sqrt(grouped.var(axes, keepdims=True) + eps)
    x_hat = (grouped - grouped.mean(axes, keepdims=True)) * r
    g = _in_groups(y_bar * _by_channel(gamma, x), num_groups)
    dx = r * (g - g.mean(axes, keepdims=True) - x_hat * (g * x_hat).mean(axes, keepdims=True))
    others = _others(x)
    return dx.reshape(x.shape), (y_bar * x_hat.reshape(x.shape)).sum(others), y_bar.sum(others)


@GROUP_NORM.mistake("missing_path", wrt="x")
def group_norm_without_the_variance(
    x: Array, gamma: Array, beta: Array, y_bar: Array, *, num_groups: int = 1, eps: float = 1e-5
) -> Any:
    """The variance held fixed."""
    grouped = _in_groups(x, num_groups)
    axes = tuple(range(2, grouped.ndim))
    r = 1 / np.sqrt(grouped.var(axes, keepdims=True) + eps)
    g = _in_groups(y_bar * _by_channel(gamma, x), num_groups)
    return (r * (g - g.mean(axes, keepdims=True))).reshape(x.shape)
