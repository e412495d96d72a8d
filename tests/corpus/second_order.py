"""Jacobians, Hessians and products with them: curvature that is forgotten, doubled, turned round or misremembered."""

from __future__ import annotations

import numpy as np

from corpus import Pairs
from corpus.arrays import eighths

PAIRS = Pairs()
# fmt: off

A33, W43, W33, X52 = eighths(1, 3, 3), eighths(2, 4, 3), eighths(3, 3, 3), eighths(4, 5, 2)
x3, c3, y5, w2, x5 = eighths(5, 3), eighths(6, 3), eighths(7, 5), eighths(8, 2), eighths(9, 5)


def form(x, A):
    return x @ A @ x


PAIRS.add(
    "Hessian of x' A x", "symmetry", form, inputs=(x3, A33), of="hessian",
    wrong=lambda x, A: 2 * A,
    right=lambda x, A: A + A.T,
)
PAIRS.add(
    "hvp of x' A x", "symmetry", form, inputs=(x3, A33), of="hvp",
    wrong=lambda x, A, v: 2 * (A @ v),
    right=lambda x, A, v: A @ v + v @ A,
)


def logistic(w, X, y):
    return np.mean(np.log(1 + np.exp(X @ w)) - y * (X @ w))


def logistic_curvature(w, X):
    p = 1 / (1 + np.exp(-X @ w))
    return p * (1 - p) / len(X)


LOGISTIC = (w2, X52, y5)
PAIRS.add(
    "logistic Hessian without its weights", "chain", logistic, inputs=LOGISTIC, of="hessian",
    wrong=lambda w, X, y: X.T @ X / len(X),
    right=lambda w, X, y: X.T @ (logistic_curvature(w, X)[:, None] * X),
)
PAIRS.add(
    "logistic Hessian, p squared for p (1 - p)", "second_order", logistic, inputs=LOGISTIC, of="hessian",
    special="second order",
    wrong=lambda w, X, y: (X.T / (1 + np.exp(-X @ w)) ** 2) @ X / len(X),
    right=lambda w, X, y: X.T @ np.diag(logistic_curvature(w, X)) @ X,
)
PAIRS.add(
    "logistic hvp summed for averaged", "factor", logistic, inputs=LOGISTIC, of="hvp",
    wrong=lambda w, X, y, v: X.T @ (len(X) * logistic_curvature(w, X) * (X @ v)),
    right=lambda w, X, y, v: X.T @ (logistic_curvature(w, X) * (X @ v)),
)


def poisson(w, X, y):
    eta = X @ w
    return np.sum(np.exp(eta) - y * eta)


PAIRS.add(
    "Poisson Hessian of the likelihood, not the loss", "sign", poisson, inputs=(w2 / 4, X52, y5), of="hessian",
    wrong=lambda w, X, y: -X.T @ (np.exp(X @ w)[:, None] * X),
    right=lambda w, X, y: X.T @ (np.exp(X @ w)[:, None] * X),
)
PAIRS.add(
    "Poisson Hessian with the counts left in", "extra_term", poisson, inputs=(w2 / 4, X52, y5), of="hessian",
    wrong=lambda w, X, y: X.T @ ((np.exp(X @ w) - y)[:, None] * X),
    right=lambda w, X, y: (X.T * np.exp(X @ w)) @ X,
)


def tanh_fit(w, X, y):
    r = np.tanh(X @ w) - y
    return 0.5 * r @ r


def gauss_newton(w, X, y):
    J = (1 - np.tanh(X @ w) ** 2)[:, None] * X
    return J.T @ J


def full_hessian(w, X, y):
    t = np.tanh(X @ w)
    bend = (t - y) * -2 * t * (1 - t**2)
    return gauss_newton(w, X, y) + X.T @ (bend[:, None] * X)


FIT = (w2 / 2, X52, y5)
PAIRS.add(
    "Gauss-Newton for the Hessian", "missing_path", tanh_fit, inputs=FIT, of="hessian",
    wrong=gauss_newton, right=full_hessian,
)
PAIRS.add(
    "hvp of a fit, the residual's curvature forgotten", "missing_path", tanh_fit, inputs=FIT, of="hvp",
    wrong=lambda w, X, y, v: X.T @ ((1 - np.tanh(X @ w) ** 2) ** 2 * (X @ v)),
    right=lambda w, X, y, v: full_hessian(w, X, y) @ v,
)


def log_sum_exp(z):
    m = np.max(z)
    return m + np.log(np.sum(np.exp(z - m)))


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / e.sum()


PAIRS.add(
    "log-sum-exp, the diagonal of its Hessian", "missing_path", log_sum_exp, inputs=(x3,), of="hessian",
    wrong=lambda z: np.diag(softmax(z) * (1 - softmax(z))),
    right=lambda z: np.diag(softmax(z)) - np.outer(softmax(z), softmax(z)),
)
PAIRS.add(
    "log-sum-exp Hessian, p squared in the outer product", "second_order", log_sum_exp, inputs=(x3,),
    of="hessian", special="second order",
    wrong=lambda z: np.diag(softmax(z)) - np.outer(softmax(z) ** 2, softmax(z) ** 2),
    right=lambda z: np.diag(softmax(z)) - np.outer(softmax(z), softmax(z)),
)
PAIRS.add(
    "softmax jvp, the sum held", "missing_path", softmax, inputs=(x3,), of="jvp",
    wrong=lambda z, v: softmax(z) * v,
    right=lambda z, v: softmax(z) * (v - softmax(z) @ v),
)
PAIRS.add(
    "tanh layer jvp, the direction lost", "upstream", lambda x, W: np.tanh(W @ x), inputs=(x3 / 4, W43),
    of="jvp",
    wrong=lambda x, W, v: (1 - np.tanh(W @ x) ** 2) * (W @ np.ones_like(v)),
    right=lambda x, W, v: (1 - np.tanh(W @ x) ** 2) * (W @ v),
)
PAIRS.add(
    "Hessian of a sum of tanh, 1 - t for 1 - t^2", "second_order", lambda x, c: c @ np.tanh(x),
    inputs=(x3, c3), of="hessian", special="second order",
    wrong=lambda x, c: np.diag(-2 * c * np.tanh(x) * (1 - np.tanh(x))),
    right=lambda x, c: np.diag(-2 * c * np.tanh(x) * (1 - np.tanh(x) ** 2)),
)
PAIRS.add(
    "pseudo-Huber Hessian, power 5/2", "second_order", lambda x: np.sum(np.sqrt(1 + x**2)), inputs=(x3,),
    of="hessian", special="second order",
    wrong=lambda x: np.diag((1 + x**2) ** -2.5),
    right=lambda x: np.diag((1 + x**2) ** -1.5),
)
PAIRS.add(
    "log cosh hvp, the square inside", "second_order", lambda x: np.sum(np.log(np.cosh(x))), inputs=(x3,),
    of="hvp", special="second order",
    wrong=lambda x, v: v * (1 - np.tanh(x**2)),
    right=lambda x, v: v / np.cosh(x) ** 2,
)
PAIRS.add(
    "norm hvp, x for the unit vector", "second_order", lambda x: np.sqrt(x @ x), inputs=(x3,), of="hvp",
    special="second order",
    wrong=lambda x, v: (v - x * (x @ v)) / np.sqrt(x @ x),
    right=lambda x, v: v / np.sqrt(x @ x) - x * (x @ v) / (x @ x) ** 1.5,
)
PAIRS.add(
    "cubes, the gradient times the direction for the hvp", "second_order", lambda x: np.sum(x**3),
    inputs=(x3,), of="hvp", special="second order",
    wrong=lambda x, v: 3 * x**2 * v,
    right=lambda x, v: 6 * x * v,
)


def sigmoid_layer(x, W):
    return 1 / (1 + np.exp(-W @ x))


def slopes(x, W):
    s = sigmoid_layer(x, W)
    return s * (1 - s)


PAIRS.add(
    "Jacobian of a layer, gradients as columns", "transpose", sigmoid_layer, inputs=(x3 / 2, W43),
    of="jacobian",
    wrong=lambda x, W: W.T * slopes(x, W),
    right=lambda x, W: slopes(x, W)[:, None] * W,
)
PAIRS.add(
    "Jacobian of a square layer, slopes along inputs", "wrong_axis", sigmoid_layer, inputs=(x3 / 2, W33),
    of="jacobian",
    wrong=lambda x, W: slopes(x, W) * W,
    right=lambda x, W: np.diag(slopes(x, W)) @ W,
)
PAIRS.add(
    "Jacobian of a running sum, from the other end", "transpose", lambda x, w: np.cumsum(w * x),
    inputs=(x3, c3), of="jacobian",
    wrong=lambda x, w: np.triu(np.ones((3, 3))) * w,
    right=lambda x, w: np.tril(np.ones((3, 3))) * w,
)


def energy(W, X):
    return np.sum((X @ W) ** 2)


PAIRS.add(
    "Hessian by a matrix, axes in the order of kron", "transpose", energy, inputs=(eighths(10, 2, 2), X52),
    of="hessian",
    wrong=lambda W, X: 2 * np.einsum("ik,jl->ikjl", X.T @ X, np.eye(2)),
    right=lambda W, X: 2 * np.einsum("ik,jl->ijkl", X.T @ X, np.eye(2)),
)
PAIRS.add(
    "Hessian by a matrix, flattened", "shape", energy, inputs=(eighths(11, 2, 3), X52), of="hessian",
    wrong=lambda W, X: 2 * np.kron(X.T @ X, np.eye(3)),
    right=lambda W, X: 2 * np.einsum("ik,jl->ijkl", X.T @ X, np.eye(3)),
)


def roughness(x):
    return 0.5 * np.sum(np.diff(x) ** 2)


def stiffness(off):
    return np.diag([1.0, 2, 2, 2, 1]) - np.diag(np.ones(5 - off), off) - np.diag(np.ones(5 - off), -off)


PAIRS.add(
    "second differences, one diagonal too far", "index", roughness, inputs=(x5,), of="hessian",
    wrong=lambda x: stiffness(2),
    right=lambda x: stiffness(1),
)
PAIRS.add(
    "Rosenbrock hvp without its cross terms", "missing_path", of="hvp", inputs=(w2,),
    fn=lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2,
    wrong=lambda x, v: np.array([(1200 * x[0] ** 2 - 400 * x[1] + 2) * v[0], 200 * v[1]]),
    right=lambda x, v: np.array([
        (1200 * x[0] ** 2 - 400 * x[1] + 2) * v[0] - 400 * x[0] * v[1], 200 * v[1] - 400 * x[0] * v[0],
    ]),
)
PAIRS.add(
    "least squares Hessian, (X X') for (X' X)", "transpose", lambda w, X: 0.5 * np.sum((X @ w) ** 2),
    inputs=(x3, W33), of="hessian",
    wrong=lambda w, X: X @ X.T,
    right=lambda w, X: X.T @ X,
)
