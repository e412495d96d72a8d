"""Mistakes that were really made, II: broadcasts, convolutions, pooling, embeddings, dropout and normalisation."""

from __future__ import annotations

import numpy as np

from corpus import Pairs
from corpus.arrays import eighths
from corpus.norms import EPS, mean, standardise

PAIRS = Pairs()
# fmt: off

X43, X34, row, col = eighths(1, 4, 3), eighths(2, 3, 4), eighths(3, 1, 4), eighths(4, 3, 1)
gamma, beta = eighths(5, 3), eighths(6, 3)

PAIRS.add(
    "added bias, batch not summed", "missing_reduction", lambda b, X: X + b, inputs=(gamma, X43), of="vjp",
    source="github.com/mlpack/mlpack/pull/3679",
    wrong=lambda b, X, g: g,
    right=lambda b, X, g: np.sum(g, axis=0),
)
PAIRS.add(
    "row added to a matrix, rows not summed", "missing_reduction", inputs=(row, X34, eighths(7, 3, 4)),
    fn=lambda r, X, T: np.sum((X + r - T) ** 2), source="github.com/deeplearning4j/nd4j/issues/2424",
    wrong=lambda r, X, T: 2 * (X + r - T),
    right=lambda r, X, T: 2 * np.sum(X + r - T, axis=0, keepdims=True),
)
PAIRS.add(
    "product with a column, features not summed", "missing_reduction", lambda h, m: h * m, inputs=(X34, col),
    wrt=("h", "m"), of="vjp", source="github.com/tenstorrent/tt-metal/issues/40008",
    wrong=lambda h, m, g: (g * m, g * h),
    right=lambda h, m, g: (g * m, np.sum(g * h, axis=1, keepdims=True)),
)
PAIRS.add(
    "bias of channels last, summed as channels first", "wrong_axis", lambda b, X: X * X + b, of="vjp",
    inputs=(eighths(8, 2), eighths(9, 2, 2, 3, 2)), source="github.com/deeplearning4j/deeplearning4j/issues/8280",
    wrong=lambda b, X, g: np.sum(g, axis=(0, 2, 3)),
    right=lambda b, X, g: np.sum(g, axis=(0, 1, 2)),
)


def conv2d(x, k):
    return sum(k[i, j] * x[i : i + 2, j : j + 2] for i in range(2) for j in range(2))


def conv2d_full(g, k):
    padded = np.pad(g, 1)
    return sum(k[i, j] * padded[i : i + 3, j : j + 3] for i in range(2) for j in range(2))


PAIRS.add(
    "convolution backward, kernel not flipped", "index", conv2d, inputs=(eighths(10, 3, 3), eighths(11, 2, 2)),
    of="vjp", source="github.com/rasmusbergpalm/DeepLearnToolbox/issues/41",
    wrong=lambda x, k, g: conv2d_full(g, k),
    right=lambda x, k, g: conv2d_full(g, k[::-1, ::-1]),
)


def maximum_backward(a, g, tolerance):
    top = np.max(a, axis=1, keepdims=True)
    return g[:, None] * (np.abs(a - top) <= tolerance)


PAIRS.add(
    "maximum, anything within 1/100 of it paid", "threshold", lambda a: np.max(a, axis=1), of="vjp",
    inputs=(np.array([[1.0, 0.995, -1.0], [0.5, 2.0, 1.25]]),), source="github.com/mni-ml/framework/pull/22",
    wrong=lambda a, g: maximum_backward(a, g, 0.01),
    right=lambda a, g: np.where(a == np.max(a, axis=1, keepdims=True), g[:, None], 0) / np.sum(
        a == np.max(a, axis=1, keepdims=True), axis=1, keepdims=True
    ),
)
PAIRS.add(
    "maximum, all of a tie paid in full", "edge", np.max, inputs=(np.array([0.5, 2.0, 2.0, -1.0]),),
    special="point", source="github.com/mni-ml/framework/pull/22",
    wrong=lambda a: 1.0 * (a == np.max(a)),
    right=lambda a: (a == np.max(a)) / np.sum(a == np.max(a)),
)

KEEP = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])


def dropout(x, keep):
    return x * keep / 0.5


def mask_from_values(x, keep, g):
    out = dropout(x, keep)
    return np.where(x == 0, g, out / np.where(x == 0, 1, x) * g)


PAIRS.add(
    "dropout without a mask, zero inputs taken as kept", "edge", dropout, of="vjp", special="point",
    inputs=(np.where(KEEP[::-1] > 0, X43, 0.0), KEEP), source="github.com/kaldi-asr/kaldi/issues/3890",
    wrong=mask_from_values,
    right=lambda x, keep, g: keep * g / 0.5,
)
PAIRS.add(
    "dropout wrapper, mask not applied backwards", "threshold", dropout, inputs=(X43, KEEP), of="vjp",
    domain={"keep": "boolean"},
    source="github.com/ddbourgin/numpy-ml/issues/94",
    wrong=lambda x, keep, g: g / (1 - 0.5),
    right=lambda x, keep, g: g * keep / (1 - 0.5),
)


def gather(y):
    return y[np.array([1, 1, 0])] * np.array([1.0, 2.0, 3.0])


PAIRS.add(
    "indexing twice, only the last copy kept", "missing_path", gather, inputs=(eighths(12, 3),), of="vjp",
    source="github.com/pytorch/pytorch/issues/1528",
    wrong=lambda y, g: np.stack([3 * g[2], 2 * g[1], 0 * g[0]]),
    right=lambda y, g: np.stack([3 * g[2], g[0] + 2 * g[1], 0 * g[0]]),
)
IDS = np.array([2, 0, 2, 2])


def lookup(E):
    return np.sum(np.exp(E[IDS]) * X43)


def scattered(E, add):
    rows = np.exp(E[IDS]) * X43
    out = np.zeros(E.shape)
    for token, update in zip(IDS, rows, strict=True):
        here = (np.arange(len(E)) == token)[:, None]
        out = np.where(here, out + update if add else update, out)
    return out


PAIRS.add(
    "embedding lookup, repeated rows overwritten", "missing_path", lookup, inputs=(eighths(13, 3, 3) / 2,),
    source="github.com/pymc-devs/pytensor/pull/2242",
    wrong=lambda E: scattered(E, False),
    right=lambda E: scattered(E, True),
)


def affine(x, gamma, beta, axis):
    x_hat, _ = standardise(x, axis)
    return gamma * x_hat + beta


def batch_norm(x, gamma, beta):
    return affine(x, gamma, beta, 0)


def batch_norm_backward(x, gamma, g):
    x_hat, rstd = standardise(x, 0)
    d = gamma * g
    return rstd * (d - mean(d, 0) - x_hat * mean(d * x_hat, 0))


def gamma_not_used(x, gamma, beta, g):
    m = len(x)
    x_mu = x - x.mean(axis=0)
    _, ivar = standardise(x, 0)
    dyivar = g * ivar
    dsigma2 = -0.5 * np.sum(dyivar * x_mu * ivar**2, axis=0)
    dmu = -np.sum(dyivar, axis=0) - 2 * dsigma2 * np.sum(x_mu, axis=0) / m
    return dyivar + dsigma2 * 2 * x_mu / m + dmu / m


NORM = (X43, gamma, beta)
PAIRS.add(
    "batch norm, dx without gamma", "chain", batch_norm, inputs=NORM, of="vjp",
    source="github.com/denizyuret/Knet.jl/issues/288",
    wrong=gamma_not_used,
    right=lambda x, gamma, beta, g: batch_norm_backward(x, gamma, g),
)
PAIRS.add(
    "batch norm in training, statistics held", "missing_path", batch_norm, inputs=NORM, of="vjp",
    source="github.com/facebookresearch/CrypTen/pull/143",
    wrong=lambda x, gamma, beta, g: g * gamma / np.sqrt(np.var(x, axis=0) + EPS),
    right=lambda x, gamma, beta, g: batch_norm_backward(x, gamma, g),
)
PAIRS.add(
    "layer norm, gradients of scale and shift exchanged", "swapped", lambda x, gamma, beta: affine(x, gamma, beta, 1),
    inputs=NORM, wrt=("gamma", "beta"), of="vjp", source="github.com/Oneflow-Inc/oneflow/pull/6149",
    wrong=lambda x, gamma, beta, g: (np.sum(g, axis=0), np.sum(g * standardise(x, 1)[0], axis=0)),
    right=lambda x, gamma, beta, g: (np.sum(g * standardise(x, 1)[0], axis=0), np.sum(g, axis=0)),
)


def layer_norm_dx(x, gamma, beta, g, total=mean):
    x_hat, rstd = standardise(x, 1)
    d = g * gamma
    return rstd * (d - total(d) - x_hat * total(d * x_hat))


PAIRS.add(
    "layer norm of a block of rows, sums over the block", "wrong_axis",
    lambda x, gamma, beta: affine(x, gamma, beta, 1), inputs=NORM, of="vjp",
    source="github.com/flagos-ai/FlagGems/pull/59",
    wrong=lambda x, gamma, beta, g: layer_norm_dx(x, gamma, beta, g, lambda t: np.sum(t) / t.shape[1]),
    right=layer_norm_dx,
)


def rms_norm(x, w):
    return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + EPS) * w


def rms_backward(x, w, g, through=True):
    r = 1 / np.sqrt(mean(x * x) + EPS)
    dx = g * w * r
    if through:
        dx = dx - x * r**3 * mean(g * w * x)
    return dx, np.sum(g * x * r, axis=0)


def weight_forgotten(x, w, g):
    return rms_backward(x, np.ones_like(w), g)


for name, kind, thread, wrong in (
    ("RMS norm, the RMS held", "missing_path", "ooples/AiDotNet/pull/695",
     lambda x, w, g: rms_backward(x, w, g, through=False)),
    ("RMS norm, dx without the weight", "chain", "karpathy/llm.c/pull/763", weight_forgotten),
):
    PAIRS.add(
        name, kind, rms_norm, inputs=NORM[:2], wrt=("x", "w"), of="vjp", wrong=wrong,
        right=lambda x, w, g: rms_backward(x, w, g), source=f"github.com/{thread}",
    )


def grouped(x):
    groups = x.reshape(2, -1)
    x_hat, rstd = standardise(groups, 1)
    return x_hat.reshape(x.shape), rstd


def group_norm(x, gamma):
    return grouped(x)[0] * gamma[:, None, None]


def group_norm_dx(x, gamma, g, count):
    x_hat, rstd = grouped(x)
    d, flat = (g * gamma[:, None, None]).reshape(2, -1), x_hat.reshape(2, -1)
    c1 = np.sum(d * flat, axis=1, keepdims=True) / count
    c2 = np.sum(d, axis=1, keepdims=True) / count
    return ((d - flat * c1 - c2) * rstd).reshape(x.shape)


IMAGE = (eighths(14, 4, 2, 3), eighths(15, 4))
PAIRS.add(
    "group norm of images, width for height times width", "factor", group_norm, inputs=IMAGE, of="vjp",
    source="github.com/linkedin/Liger-Kernel/pull/1376",
    wrong=lambda x, gamma, g: group_norm_dx(x, gamma, g, 2 * x.shape[-1]),
    right=lambda x, gamma, g: group_norm_dx(x, gamma, g, 2 * x.shape[-1] * x.shape[-2]),
)


def group_gamma(x, g, group_of):
    flat = x.reshape(2, -1)
    mu, rstd = flat.mean(axis=1), grouped(x)[1][:, 0]
    x_hat = (x - mu[group_of][:, None, None]) * rstd[group_of][:, None, None]
    return np.sum(g * x_hat, axis=(1, 2))


PAIRS.add(
    "group norm by gamma, group by remainder", "index", group_norm, inputs=IMAGE, wrt="gamma", of="vjp",
    source="github.com/tenstorrent/tt-metal/pull/56202",
    wrong=lambda x, gamma, g: group_gamma(x, g, np.arange(4) % 2),
    right=lambda x, gamma, g: group_gamma(x, g, np.arange(4) // 2),
)
