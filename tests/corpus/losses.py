"""Wrong derivatives of losses of regression and of densities."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
A = np.array([0.5, -1.25, 2.0])
B = np.array([1.0, 0.25, -0.75])
P = np.array([0.25, 0.5, 0.125])
Q = np.array([0.375, 0.25, 0.75])


# Squares and absolutes --------------------------------------------------------------------------------------


def squared(p: Any, t: Any) -> Any:
    return np.sum((t - p) ** 2)


PAIRS.add(
    "squared error without the two",
    "factor",
    squared,
    wrong=lambda p, t: -(t - p),
    right=lambda p, t: -2.0 * (t - p),
    inputs=(A, B),
    source="github.com/davisking/dlib/issues/1169",
)
PAIRS.add(
    "half the squared error, target minus output",
    "sign",
    lambda x_hat, x: 0.5 * np.sum((x_hat - x) ** 2),
    wrong=lambda x_hat, x: x - x_hat,
    right=lambda x_hat, x: x_hat - x,
    inputs=(A, B),
    source="github.com/Kaixhin/Autoencoders/issues/5",
)
PAIRS.add(
    "mean of squares, right for four entries",
    "factor",
    lambda x: np.mean(x**2),
    wrong=lambda x: x / 2,
    right=lambda x: 2 * x / x.size,
    inputs=("n d",),
    special="shape",
    source="github.com/udacity/deep-learning-v2-pytorch/pull/158",
)


def mean_error(p: Any, t: Any) -> Any:
    return np.mean((p - t) ** 2)


PAIRS.add(
    "mean over rows and columns, divided by the rows squared",
    "factor",
    mean_error,
    wrong=lambda p, t: 2 * (p - t) / p.shape[0] ** 2,
    right=lambda p, t: 2 * (p - t) / p.size,
    inputs=(np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]), np.array([[1.0, 0.5, 0.0], [-1.0, 0.25, 2.0]])),
    special="shape",
)
PAIRS.add(
    "absolute error by the target's side",
    "sign",
    lambda p, t: np.mean(np.abs(p - t)),
    wrong=lambda p, t: np.sign(t - p) / p.size,
    right=lambda p, t: np.sign(p - t) / p.size,
    inputs=(A, B),
)


def huber(x: Any, t: Any) -> Any:
    diff = np.abs(x - t)
    return np.sum(np.where(diff <= 1, 0.5 * diff**2, diff - 0.5))


PAIRS.add(
    "Huber loss that ignores the gradient above it",
    "upstream",
    huber,
    wrong=lambda x, t, gy: np.clip(x - t, -1.0, 1.0),
    right=lambda x, t, gy: gy * np.clip(x - t, -1.0, 1.0),
    inputs=(A, B),
    of="vjp",
    source="github.com/chainer/chainer/issues/1175",
)


def smooth_l1_signed(x: Any, t: Any) -> Any:
    diff = x - t
    return np.where(diff < 1, diff, np.sign(diff))


PAIRS.add(
    "smooth L1 with its bound on the signed difference",
    "threshold",
    huber,
    wrong=smooth_l1_signed,
    right=lambda x, t: np.where(np.abs(x - t) < 1, x - t, np.sign(x - t)),
    inputs=(A, B),
    source="github.com/BobMcDear/attorch/issues/13",
)
PAIRS.add(
    "error and weight decay, where the loss has none",
    "extra_term",
    lambda w, x, t: 0.5 * (w @ x - t) ** 2,
    wrong=lambda w, x, t: (w @ x - t) * x + 0.01 * w,
    right=lambda w, x, t: (w @ x - t) * x,
    inputs=(A, B, 0.5),
)


# Divergences and densities ----------------------------------------------------------------------------------


def divergence(p: Any, q: Any) -> Any:
    return np.sum(p * np.log(p / q))


def divergence_grad(p: Any, q: Any) -> Any:
    return np.log(p / q) + 1, -p / q


def divergence_of_exchanged(p: Any, q: Any) -> Any:
    return divergence_grad(q, p)


PAIRS.add(
    "KL divergence read in the other direction",
    "swapped",
    divergence,
    wrong=divergence_of_exchanged,
    right=divergence_grad,
    inputs={"p": P, "q": Q},
    wrt=("p", "q"),
    source="github.com/Kaixhin/ACER/issues/6",
)
PAIRS.add(
    "KL loss of log-probabilities taken for one of probabilities",
    "convention",
    lambda x, target: np.sum(target * (np.log(target) - x)),
    wrong=lambda x, target: -target / x,
    right=lambda x, target: -target,
    inputs={"x": np.array([-0.5, -1.25, -2.0]), "target": P},
    wrt="x",
    source="github.com/pytorch/pytorch/issues/5282",
)
PAIRS.add(
    "Poisson loss of log-rates taken for one of rates",
    "convention",
    lambda x, t: np.sum(np.exp(x) - t * x),
    wrong=lambda x, t: 1 - t / x,
    right=lambda x, t: np.exp(x) - t,
    inputs={"x": A, "t": np.array([2.0, 0.0, 1.0])},
    wrt="x",
)


def gaussian(mu: Any, v: Any, x: Any) -> Any:
    return 0.5 * np.sum(np.log(v) + (x - mu) ** 2 / v)


PAIRS.add(
    "Gaussian likelihood without the normalizer's variance",
    "missing_path",
    gaussian,
    wrong=lambda mu, v, x: -((x - mu) ** 2) / (2 * v**2),
    right=lambda mu, v, x: (v - (x - mu) ** 2) / (2 * v**2),
    inputs={"mu": A, "v": Q, "x": B},
    wrt="v",
)


def gaussian_by_log_variance(mu: Any, s: Any, x: Any) -> Any:
    return 0.5 * np.sum(s + (x - mu) ** 2 * np.exp(-s))


def by_variance(mu: Any, s: Any, x: Any) -> Any:
    v = np.exp(s)
    return 0.5 * (1 / v - (x - mu) ** 2 / v**2)


PAIRS.add(
    "Gaussian likelihood by the variance, where its logarithm is the parameter",
    "chain",
    gaussian_by_log_variance,
    wrong=by_variance,
    right=lambda mu, s, x: 0.5 * (1 - (x - mu) ** 2 * np.exp(-s)),
    inputs={"mu": A, "s": B, "x": B + 0.5},
    wrt="s",
)
