"""Matrix calculus as it is done on paper: quadratic forms, traces, norms, least squares."""

from __future__ import annotations

import numpy as np

from corpus import Pairs
from corpus.arrays import eighths, positive

PAIRS = Pairs()
# fmt: off

A33, B33, M33 = eighths(1, 3, 3), eighths(2, 3, 3), eighths(3, 3, 3)
A34, X42, X52 = eighths(4, 3, 4), eighths(5, 4, 2), eighths(6, 5, 2)
u3, v3, y5, w2 = eighths(7, 3), eighths(8, 3), eighths(9, 5), eighths(10, 2)


def mahalanobis(x, m, S):
    d = x - m
    return d @ S @ d


def mahalanobis_grad_textbook(x, m, S):
    d = x - m
    return 2 * S @ d, -2 * S @ d


def mahalanobis_grad(x, m, S):
    half = (S + S.T) @ (x - m)
    return half, -half


PAIRS.add(
    "mahalanobis distance", "symmetry", mahalanobis, inputs=(u3, v3, A33), wrt=("x", "m"),
    wrong=mahalanobis_grad_textbook, right=mahalanobis_grad,
)
PAIRS.add(
    "trace(X' A X)", "symmetry", lambda X, A: np.trace(X.T @ A @ X), inputs=(X42, eighths(11, 4, 4)),
    wrong=lambda X, A: 2 * A @ X,
    right=lambda X, A: A @ X + A.T @ X,
)
PAIRS.add(
    "u' A A v by A", "symmetry", lambda A, u, v: u @ A @ A @ v, inputs=(A33, u3, v3),
    wrong=lambda A, u, v: 2 * A.T @ np.outer(u, v),
    right=lambda A, u, v: A.T @ np.outer(u, v) + np.outer(u, v) @ A.T,
)


def alignment(X, M):
    K = X @ X.T
    return np.sum(K * M)


PAIRS.add(
    "alignment of a Gram matrix", "symmetry", alignment, inputs=(eighths(12, 3, 2), M33),
    wrong=lambda X, M: 2 * M @ X,
    right=lambda X, M: (M + M.T) @ X,
)
PAIRS.add(
    "bilinear form by u", "transpose", lambda u, A, v: u @ A @ v, inputs=(u3, A33, v3),
    wrong=lambda u, A, v: A.T @ v,
    right=lambda u, A, v: A @ v,
)
PAIRS.add(
    "trace(A B) by A", "transpose", lambda A, B: np.trace(A @ B), inputs=(A34, eighths(13, 4, 3)),
    wrong=lambda A, B: B,
    right=lambda A, B: B.T,
)


def misfit(X, A, B):
    R = A @ X - B
    return np.sum(R**2)


PAIRS.add(
    "matrix least squares, A square", "transpose", misfit, inputs=(eighths(14, 3, 2), A33, eighths(15, 3, 2)),
    wrong=lambda X, A, B: 2 * A @ (A @ X - B),
    right=lambda X, A, B: 2 * (A.T @ A @ X - A.T @ B),
)


def factorisation(u, v, M):
    return np.sum((np.outer(u, v) - M) ** 2)


def factorisation_grad(u, v, M):
    E = np.outer(u, v) - M
    return 2 * E @ v, 2 * E.T @ u


def factorisation_grad_untransposed(u, v, M):
    E = np.outer(u, v) - M
    return 2 * E @ v, 2 * E @ u


PAIRS.add(
    "rank-one fit, both factors", "transpose", factorisation, inputs=(u3, v3, M33), wrt=("u", "v"),
    wrong=factorisation_grad_untransposed, right=factorisation_grad,
)
PAIRS.add(
    "matmul backward, results exchanged", "swapped", lambda A, B: A @ B, inputs=(A33, B33), wrt=("A", "B"),
    of="vjp",
    wrong=lambda A, B, g: (A.T @ g, g @ B.T),
    right=lambda A, B, g: (g @ B.T, A.T @ g),
)


def half_mse(w, X, y):
    r = X @ w - y
    return r @ r / (2 * len(y))


PAIRS.add(
    "least squares without 1/n", "factor", half_mse, inputs=(w2, X52, y5),
    wrong=lambda w, X, y: X.T @ (X @ w - y),
    right=lambda w, X, y: (X.T @ X @ w - X.T @ y) / X.shape[0],
)


def residual_step(w, X, y):
    residual = y - X @ w
    return X.T @ residual / len(y)


PAIRS.add(
    "least squares, residual the other way round", "sign", half_mse, inputs=(w2, X52, y5),
    wrong=residual_step,
    right=lambda w, X, y: -residual_step(w, X, y),
)


def normal_equations(w, X, y):
    r = X.T @ (X @ w - y)
    return np.sum(r**2)


PAIRS.add(
    "residual of the normal equations", "chain", normal_equations, inputs=(w2, X52, y5),
    wrong=lambda w, X, y: 2 * X.T @ (X @ w - y),
    right=lambda w, X, y: 2 * (X.T @ X) @ (X.T @ (X @ w - y)),
)


def log_det(A):
    (a, b), (c, d) = A
    return np.log(a * d - b * c)


def cofactors(A, sign):
    (a, b), (c, d) = A
    return np.array([[d, sign * c], [sign * b, a]]) / (a * d - b * c)


A22 = np.array([[1.5, -0.25], [0.75, 2.0]])
PAIRS.add(
    "log det of 2 x 2 by cofactors", "sign", log_det, inputs=(A22,),
    wrong=lambda A: cofactors(A, 1),
    right=lambda A: cofactors(A, -1),
)


def inverse(A):
    (a, b), (c, d) = A
    return np.array([[d, -b], [-c, a]]) / (a * d - b * c)


PAIRS.add(
    "u' inv(A) v by A", "sign", lambda A, u, v: u @ inverse(A) @ v, inputs=(A22, w2, np.array([1.0, 0.5])),
    wrong=lambda A, u, v: np.outer(inverse(A).T @ u, inverse(A) @ v),
    right=lambda A, u, v: -np.outer(inverse(A).T @ u, inverse(A) @ v),
)


def penalty_by_norm(A, lam):
    norm = np.sqrt(np.sum(A**2))
    return 2 * lam * norm * (A / norm)


PAIRS.add(
    "squared norm by way of the norm, at 0", "nan", lambda A, lam: lam * np.sum(A * A),
    inputs=(np.zeros((2, 3)), 0.5), special="point",
    wrong=penalty_by_norm,
    right=lambda A, lam: 2 * lam * A,
)


def row_products(X, w):
    return w @ np.prod(X, axis=1)


def leave_one_out(X, w):
    a, b, c = X.T
    return w[:, None] * np.stack([b * c, a * c, a * b], axis=1)


PAIRS.add(
    "products of rows, one factor 0", "nan", row_products, special="point",
    inputs=(np.array([[2.0, 0.0, 0.5], [1.0, -1.5, 3.0]]), w2),
    wrong=lambda X, w: (w * np.prod(X, axis=1))[:, None] / X,
    right=leave_one_out,
)


def normalised(x):
    return x / np.sqrt(x @ x)


def projector(x):
    n = np.sqrt(x @ x)
    return np.eye(len(x)) / n - np.outer(x, x) / n**3


PAIRS.add(
    "x / |x|, the norm held", "missing_path", normalised, inputs=(u3,), of="jacobian",
    wrong=lambda x: np.eye(len(x)) / np.linalg.norm(x),
    right=projector,
)


def cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def cosine_grad(a, b, sign=-1):
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    return b / (na * nb) + sign * (a @ b / (na * nb)) * a / na**2


PAIRS.add(
    "cosine similarity, projection added", "sign", cosine, inputs=(u3, v3),
    wrong=lambda a, b: cosine_grad(a, b, 1),
    right=lambda a, b: cosine_grad(a, b),
)


def scaled_rows(d, X):
    return np.sum((d[:, None] * X) ** 2)


PAIRS.add(
    "row scales, summed down the columns", "wrong_axis", scaled_rows, inputs=(u3, A33),
    wrong=lambda d, X: 2 * d * np.sum(X**2, axis=0),
    right=lambda d, X: 2 * d * np.sum(X**2, axis=1),
)
PAIRS.add(
    "trace of an upper diagonal", "index", lambda A, w: w @ np.diagonal(A, 1), inputs=(A33, w2),
    wrong=lambda A, w: np.diag(np.append(w, 0.0)),
    right=lambda A, w: np.diag(w, 1),
)
PAIRS.add(
    "skew part", "factor", lambda A: np.sum((A - A.T) ** 2), inputs=(A33,),
    wrong=lambda A: 2 * (A - A.T),
    right=lambda A: 4 * (A - A.T),
)


def roughness(x):
    return np.sum((x[1:] - x[:-1]) ** 2)


def roughness_grad(x):
    d = 2 * (x[1:] - x[:-1])
    return np.concatenate([[0.0], d]) - np.concatenate([d, [0.0]])


PAIRS.add(
    "squared differences, one neighbour forgotten", "missing_path", roughness, inputs=(y5,),
    wrong=lambda x: np.concatenate([[0.0], 2 * (x[1:] - x[:-1])]),
    right=roughness_grad,
)


def skewness(x):
    return np.mean((x - np.mean(x)) ** 3)


def skewness_grad(x):
    d = x - np.mean(x)
    return 3 * (d**2 - np.mean(d**2)) / len(x)


PAIRS.add(
    "third central moment, the mean held", "missing_path", skewness, inputs=(y5,),
    wrong=lambda x: 3 * (x - np.mean(x)) ** 2 / len(x),
    right=skewness_grad,
)


def weighted_variance(x, p):
    return np.sum(p * (x - p @ x) ** 2)


def weighted_variance_grad(x, p):
    d = x - p @ x
    return 2 * p * d - 2 * p * (p @ d)


PAIRS.add(
    "weighted variance, weights taken to sum to 1", "assumption", weighted_variance,
    inputs=(y5, positive(16, 5)),
    wrong=lambda x, p: 2 * p * (x - p @ x),
    right=weighted_variance_grad,
)
PAIRS.add(
    "masked squares, mask taken as 0 and 1", "assumption", lambda x, m: np.sum((m * x) ** 2),
    inputs=(A34, eighths(17, 3, 4)),
    wrong=lambda x, m: 2 * m * x,
    right=lambda x, m: 2 * m**2 * x,
)
PAIRS.add(
    "selection, selector taken as one-hot", "assumption", lambda x, s: np.sum(x * s) ** 2,
    inputs=(u3, positive(18, 3)),
    wrong=lambda x, s: 2 * x * s,
    right=lambda x, s: 2 * s * np.sum(x * s),
)
