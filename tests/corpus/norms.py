"""Normalisations: batch, layer, group, RMS and weight norm, with what their backward passes forget."""

from __future__ import annotations

import numpy as np

from corpus import Pairs
from corpus.arrays import eighths, positive

PAIRS = Pairs()
# fmt: off

EPS = 0.125
X43, X33, X53 = eighths(1, 4, 3), eighths(2, 3, 3), eighths(3, 5, 3)
gamma, beta = eighths(4, 3), eighths(5, 3)
ROWS = (X43, gamma, beta)
SQUARE = (X33, gamma, beta)


def standardise(x, axis):
    centred = x - x.mean(axis=axis, keepdims=True)
    rstd = 1 / np.sqrt(np.mean(centred**2, axis=axis, keepdims=True) + EPS)
    return centred * rstd, rstd


def layer_norm(x, gamma, beta):
    x_hat, _ = standardise(x, -1)
    return x_hat * gamma + beta


def mean(t, axis=-1):
    return np.mean(t, axis=axis, keepdims=True)


def layer_norm_backward(x, gamma, beta, g):
    x_hat, rstd = standardise(x, -1)
    d = g * gamma
    dx = rstd * (d - mean(d) - x_hat * mean(d * x_hat))
    return dx, np.sum(g * x_hat, axis=0), np.sum(g, axis=0)


def variance_held(x, gamma, beta, g):
    _, rstd = standardise(x, -1)
    d = g * gamma
    return rstd * (d - mean(d))


def mean_held(x, gamma, beta, g):
    x_hat, rstd = standardise(x, -1)
    d = g * gamma
    return rstd * d - rstd * x_hat * mean(d * x_hat)


def summed_for_mean(x, gamma, beta, g):
    x_hat, rstd = standardise(x, -1)
    d = g * gamma
    c1 = np.sum(d * x_hat, axis=-1, keepdims=True)
    c2 = mean(d)
    return (d - (x_hat * c1 + c2)) * rstd


def variance_added(x, gamma, beta, g):
    x_hat, rstd = standardise(x, -1)
    d = g * gamma
    return (d - mean(d) + x_hat * mean(d * x_hat)) * rstd


for name, kind, wrong in (
    ("layer norm, the variance held", "missing_path", variance_held),
    ("layer norm, the mean held", "missing_path", mean_held),
    ("layer norm, one sum for a mean", "factor", summed_for_mean),
    ("layer norm, variance term added", "sign", variance_added),
):
    PAIRS.add(
        name, kind, layer_norm, inputs=ROWS, of="vjp", wrong=wrong,
        right=lambda x, gamma, beta, g: layer_norm_backward(x, gamma, beta, g)[0],
    )


def gamma_from_x(x, gamma, beta, g):
    return np.sum(g * x, axis=0), np.sum(g, axis=0)


def affine_over_features(x, gamma, beta, g):
    x_hat, _ = standardise(x, -1)
    return np.sum(g * x_hat, axis=1), np.sum(g, axis=1)


def affine_unreduced(x, gamma, beta, g):
    x_hat, _ = standardise(x, -1)
    return g * x_hat, g.sum(axis=0)


def gamma_squared(x, gamma, beta, g):
    x_hat, _ = standardise(x, -1)
    d = g * x_hat
    return np.sum(g * d, axis=0), np.sum(g, axis=0)


for name, kind, wrong, inputs in (
    ("layer norm by gamma, x for x_hat", "stale", gamma_from_x, ROWS),
    ("layer norm by gamma and beta, over features", "wrong_axis", affine_over_features, SQUARE),
    ("layer norm by gamma, batch not summed", "missing_reduction", affine_unreduced, ROWS),
    ("layer norm by gamma, cotangent twice", "upstream", gamma_squared, ROWS),
):
    PAIRS.add(
        name, kind, layer_norm, inputs=inputs, wrt=("gamma", "beta"), of="vjp", wrong=wrong,
        right=lambda x, gamma, beta, g: layer_norm_backward(x, gamma, beta, g)[1:],
    )


def x_hat_from_output(x, gamma, beta, g):
    y = layer_norm(x, gamma, beta)
    _, rstd = standardise(x, -1)
    x_hat = (y - beta) / gamma
    d = g * gamma
    return rstd * (d - mean(d) - x_hat * mean(d * x_hat))


def epsilon_on_the_deviation(x, gamma, beta, g):
    n = x.shape[-1]
    centred = x - mean(x)
    std = np.sqrt(mean(centred**2))
    d = g * gamma
    dstd = -np.sum(d * centred, axis=-1, keepdims=True) / (std + EPS) ** 2
    dc = d / (std + EPS) + dstd * centred / (n * std)
    return dc - mean(dc)


PAIRS.add(
    "layer norm, x_hat got back from y, a gamma 0", "nan", layer_norm, of="vjp", special="point",
    inputs=(X43, np.array([1.0, 0.0, 0.5]), beta),
    wrong=x_hat_from_output,
    right=lambda x, gamma, beta, g: layer_norm_backward(x, gamma, beta, g)[0],
)
PAIRS.add(
    "layer norm, epsilon outside the root", "convention", layer_norm, of="vjp", inputs=ROWS,
    wrong=epsilon_on_the_deviation,
    right=lambda x, gamma, beta, g: layer_norm_backward(x, gamma, beta, g)[0],
)


def batch_norm(x):
    x_hat, _ = standardise(x, 0)
    return x_hat


def batch_norm_backward(x, g, axis=0):
    x_hat, rstd = standardise(x, axis)
    return rstd * (g - mean(g, axis) - x_hat * mean(g * x_hat, axis))


def by_steps(x, g):
    n = len(x)
    mu = x.mean(axis=0)
    var = np.mean((x - mu) ** 2, axis=0)
    dvar = np.sum(g * (x - mu), axis=0) * -0.5 * (var + EPS) ** -1.5
    dmu = -np.sum(g, axis=0) / np.sqrt(var + EPS)
    return g / np.sqrt(var + EPS) + dvar * 2 * (x - mu) / n + dmu / n


def by_steps_unbiased(x, g):
    n = len(x)
    mu = x.mean(axis=0)
    var = np.sum((x - mu) ** 2, axis=0) / (n - 1)
    dvar = np.sum(g * (x - mu), axis=0) * -0.5 * (var + EPS) ** -1.5
    dmu = -np.sum(g, axis=0) / np.sqrt(var + EPS)
    return g / np.sqrt(var + EPS) + dvar * 2 * (x - mu) / (n - 1) + dmu / n


def steps_without_two(x, g):
    n = len(x)
    mu = x.mean(axis=0)
    std = np.sqrt(np.mean((x - mu) ** 2, axis=0) + EPS)
    dvar = -0.5 * np.sum(g * (x - mu), axis=0) / std**3
    dmu = -np.sum(g / std, axis=0)
    return g / std + dvar * (x - mu) / n + dmu / n


PAIRS.add(
    "batch norm, variance over n - 1", "convention", batch_norm, inputs=(X53,), of="vjp",
    wrong=by_steps_unbiased, right=by_steps,
)
PAIRS.add(
    "batch norm by steps, 2 of the square lost", "factor", batch_norm, inputs=(X53,), of="vjp",
    wrong=steps_without_two, right=batch_norm_backward,
)
PAIRS.add(
    "batch norm, statistics of rows", "wrong_axis", batch_norm, inputs=(X33,), of="vjp",
    wrong=lambda x, g: batch_norm_backward(x, g, 1),
    right=batch_norm_backward,
)


PAIRS.add(
    "batch norm, 0 as for a plain sum", "upstream", batch_norm, inputs=(X53,), of="vjp",
    wrong=lambda x, g: np.zeros_like(x),
    right=batch_norm_backward,
)


def frozen(x, mu, var):
    return (x - mu) / np.sqrt(var + EPS)


def frozen_backward(x, mu, var, g):
    return g / np.sqrt(var + EPS)


def training_backward(x, mu, var, g):
    rstd = 1 / np.sqrt(var + EPS)
    x_hat = (x - mu) * rstd
    return rstd * (g - mean(g, 0) - x_hat * mean(g * x_hat, 0))


PAIRS.add(
    "batch norm in evaluation, terms of training", "extra_term", frozen, of="vjp",
    inputs=(X43, beta, positive(6, 3)), wrong=training_backward, right=frozen_backward,
)


def rms_norm(x, w):
    return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + EPS) * w


def rms_backward(x, w, g):
    r = 1 / np.sqrt(mean(x * x) + EPS)
    d = g * w
    return r * d - r**3 * x * mean(d * x)


def rms_as_layer_norm(x, w, g):
    r = 1 / np.sqrt(mean(x * x) + EPS)
    x_hat, d = x * r, g * w
    return r * (d - mean(d) - x_hat * mean(d * x_hat))


def rms_unnormalised(x, w, g):
    r = 1 / np.sqrt(mean(x * x) + EPS)
    x_hat, d = x * r, g * w
    return r * (d - x_hat * mean(d * x))


PAIRS.add(
    "RMS norm, the mean subtracted too", "extra_term", rms_norm, inputs=(X43, gamma), of="vjp",
    wrong=rms_as_layer_norm, right=rms_backward,
)
PAIRS.add(
    "RMS norm, x for x_hat in the projection", "stale", rms_norm, inputs=(X43, gamma), of="vjp",
    wrong=rms_unnormalised, right=rms_backward,
)


def group_norm(x):
    groups = x.reshape(x.shape[0], 2, 2, x.shape[2])
    x_hat, _ = standardise(groups, (2, 3))
    return x_hat.reshape(x.shape)


def group_norm_backward(x, g, axes=(2, 3)):
    shape = (x.shape[0], 2, 2, x.shape[2])
    x_hat, rstd = standardise(x.reshape(shape), (2, 3))
    d = g.reshape(shape)
    dx = rstd * (d - mean(d, axes) - x_hat * mean(d * x_hat, axes))
    return dx.reshape(x.shape)


PAIRS.add(
    "group norm, means over all groups", "wrong_axis", group_norm, inputs=(eighths(7, 2, 4, 3),), of="vjp",
    wrong=lambda x, g: group_norm_backward(x, g, (1, 2, 3)),
    right=group_norm_backward,
)


def weight_norm(s, v):
    return s * v / np.sqrt(np.sum(v**2))


def weight_norm_backward(s, v, g):
    n = np.sqrt(v @ v)
    u = v / n
    return g @ u, s / n * (g - (g @ u) * u)


def scale_forgotten(s, v, g):
    n = np.sqrt(v @ v)
    u = v / n
    return g @ u, (g - (g @ u) * u) / n


PAIRS.add(
    "weight norm, the scale not carried inside", "chain", weight_norm, inputs=(1.5, eighths(8, 4)),
    wrt=("s", "v"), of="vjp", wrong=scale_forgotten, right=weight_norm_backward,
)
