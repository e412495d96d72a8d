"""Which derivatives of matrices, layers and second order must be accepted, and which wrong ones refuted?"""

from __future__ import annotations

from typing import Any

import numpy as np
from mutant_cases import ALL, SUBJECTS, M, N, P, S, T, U, V, subject, total
from scipy.special import expit, softmax

_BEFORE = len(SUBJECTS)

# Products ---------------------------------------------------------------------------------------------------

subject(
    "matrix product",
    lambda A, B: A @ B,
    lambda A, B, g: (g @ B.T, A.T @ g),
    (M, N),
    {
        "transpose": lambda A, B, g: (g @ B.T, g.T @ A),
        "upstream": lambda A, B, g: (np.ones((2, 2)) @ B.T, A.T @ g),
        "transpose#of the cotangent": lambda A, B, g: (g.T @ B.T, A.T @ g),
    },
    of="vjp",
    wrt=ALL,
)
subject(
    "square matrix product",
    lambda A, B: A @ B,
    lambda A, B, g: (g @ B.T, A.T @ g),
    (S, T),
    {
        "transpose#of an operand": lambda A, B, g: (g @ B, A.T @ g),
        "symmetry#order": lambda A, B, g: (B.T @ g, A.T @ g),
        "transpose#of the result": lambda A, B, g: (B @ g.T, A.T @ g),
    },
    of="vjp",
    wrt=ALL,
)
subject(
    "quadratic form",
    lambda x, A: x @ A @ x,
    lambda x, A: A @ x + A.T @ x,
    (V[:2], S),
    {
        "symmetry": lambda x, A: 2 * A @ x,
        "missing_path": lambda x, A: A @ x,
        "missing_path#elementwise": lambda x, A: 2 * np.diag(A) * x,
    },
)
subject(
    "bilinear form",
    lambda x, A, y: x @ A @ y,
    lambda x, A, y: np.outer(x, y),
    (V[:2], M, V),
    {
        "transpose": lambda x, A, y: np.outer(y, x),
        "chain#by x": lambda x, A, y: np.outer(np.ones(2), y),
    },
    wrt="A",
)
subject(
    "trace of a product",
    lambda A, B: np.trace(A @ B),
    lambda A, B: (B.T, A.T),
    (M, N),
    {
        "transpose": lambda A, B: (B, A),
        "swapped#the operands": lambda A, B: (A, B),
    },
    wrt=ALL,
)
subject(
    "frobenius norm",
    lambda A: np.sum(A * A),
    lambda A: 2 * A,
    (M,),
    {
        "factor": lambda A: A,
        "transpose": lambda A: 2 * A.T,
    },
)
subject(
    "least squares",
    lambda w, X, y: np.sum((X @ w - y) ** 2),
    lambda w, X, y: 2 * X.T @ (X @ w - y),
    (V[:2], N, P),
    {
        "factor": lambda w, X, y: X.T @ (X @ w - y),
        "sign": lambda w, X, y: 2 * X.T @ (y - X @ w),
        "wrong_function#dropped term": lambda w, X, y: 2 * X.T @ X @ w,
        "chain#forgotten matrix": lambda w, X, y: 2 * (X @ w - y),
    },
)
subject(
    "batched product",
    lambda A, B: np.einsum("bij,bjk->bik", A, B),
    lambda A, B, g: np.einsum("bik,bjk->bij", g, B),
    (np.arange(8.0).reshape(2, 2, 2) / 4, np.arange(8.0)[::-1].reshape(2, 2, 2) / 2),
    {
        "transpose": lambda A, B, g: np.einsum("bik,bkj->bij", g, B),
        "wrong_axis#summed over the batch": lambda A, B, g: np.einsum("bik,cjk->bij", g, B),
    },
    of="vjp",
)
subject(
    "outer product",
    lambda x, y: np.outer(x, y),
    lambda x, y, g: (g @ y, x @ g),
    (V[:2], V),
    {
        "swapped": lambda x, y, g: (x @ g, g @ y),
        "upstream": lambda x, y, g: (np.ones(2) * np.sum(y), x @ g),
    },
    of="vjp",
    wrt=ALL,
)

# Broadcasting -----------------------------------------------------------------------------------------------

subject(
    "bias",
    lambda X, b: np.sum(np.tanh(X + b)),
    lambda X, b: np.sum(1 - np.tanh(X + b) ** 2, axis=0),
    (M, V),
    {
        "missing_reduction": lambda X, b: 1 - np.tanh(X + b) ** 2,
        "wrong_axis": lambda X, b: np.sum(1 - np.tanh(X + b) ** 2, axis=1),
        "factor#mean": lambda X, b: np.mean(1 - np.tanh(X + b) ** 2, axis=0),
    },
    wrt="b",
)
subject(
    "bias, square",
    lambda X, b: np.sum(np.tanh(X + b)),
    lambda X, b: np.sum(1 - np.tanh(X + b) ** 2, axis=0),
    (S, V[:2]),
    {
        "wrong_axis": lambda X, b: np.sum(1 - np.tanh(X + b) ** 2, axis=1),
    },
    wrt="b",
)
subject(
    "gain",
    lambda X, c: X * c,
    lambda X, c, g: np.sum(g * X, axis=0),
    (M, V),
    {
        "chain": lambda X, c, g: np.sum(g, axis=0),
        "upstream": lambda X, c, g: np.sum(X, axis=0),
        "missing_reduction": lambda X, c, g: g * X,
    },
    of="vjp",
    wrt="c",
)
subject(
    "column",
    lambda X, c: np.sum((X * c[:, None]) ** 2),
    lambda X, c: 2 * c * np.sum(X**2, axis=1),
    (S, V[:2]),
    {
        "wrong_axis": lambda X, c: 2 * c * np.sum(X**2, axis=0),
        "assumption#square of the sum": lambda X, c: 2 * c * np.sum(X, axis=1) ** 2,
    },
    wrt="c",
)
subject(
    "layer",
    lambda W, b, x: np.sum(np.tanh(W @ x + b)),
    lambda W, b, x: (np.outer(1 - np.tanh(W @ x + b) ** 2, x), 1 - np.tanh(W @ x + b) ** 2),
    (M, V[:2], V),
    {
        "stale": lambda W, b, x: (np.outer(1 - (W @ x + b) ** 2, x), 1 - np.tanh(W @ x + b) ** 2),
        "transpose": lambda W, b, x: (np.outer(x, 1 - np.tanh(W @ x + b) ** 2), 1 - np.tanh(W @ x + b) ** 2),
        "stale#bias forgotten": lambda W, b, x: (
            np.outer(1 - np.tanh(W @ x) ** 2, x),
            1 - np.tanh(W @ x + b) ** 2,
        ),
    },
    wrt=ALL,
)
subject(
    "layer norm",
    lambda x: (x - np.mean(x)) / np.std(x),
    lambda x, g: (g - np.mean(g) - (x - np.mean(x)) * np.mean(g * (x - np.mean(x))) / np.var(x)) / np.std(x),
    (V,),
    {
        "missing_path#of the mean": lambda x, g: (
            (g - (x - np.mean(x)) * np.mean(g * (x - np.mean(x))) / np.var(x)) / np.std(x)
        ),
        "missing_path#of the variance": lambda x, g: (g - np.mean(g)) / np.std(x),
        "missing_path#both": lambda x, g: g / np.std(x),
    },
    of="vjp",
)
subject(
    "embedding",
    lambda E: np.sum(E[[0, 2, 0]] ** 2),
    lambda E: 2 * E * np.array([[2.0], [0.0], [1.0]]),
    (N,),
    {
        "missing_path#counted once": lambda E: 2 * E * np.array([[1.0], [0.0], [1.0]]),
        "index": lambda E: 2 * E * np.array([[2.0], [1.0], [0.0]]),
    },
)
subject(
    "joined",
    lambda x, y: np.sum(np.concatenate([x, y]) ** 3),
    lambda x, y: (3 * x**2, 3 * y**2),
    (V, U),
    {
        "swapped": lambda x, y: (3 * y**2, 3 * x**2),
        "wrong_function#power": lambda x, y: (3 * x**2, 3 * y**3),
    },
    wrt=ALL,
)
subject(
    "running sum",
    np.cumsum,
    lambda x, g: np.cumsum(g[::-1])[::-1],
    (V,),
    {
        "transpose#same direction": lambda x, g: np.cumsum(g),
        "missing_reduction": lambda x, g: g,
    },
    of="vjp",
)

# Softmax ----------------------------------------------------------------------------------------------------

subject(
    "softmax jacobian",
    softmax,
    lambda x: np.diag(softmax(x)) - np.outer(softmax(x), softmax(x)),
    (V,),
    {
        "missing_path#diagonal only": lambda x: np.diag(softmax(x) * (1 - softmax(x))),
        "stale#not normalised": lambda x: np.diag(np.exp(x)) - np.outer(softmax(x), softmax(x)),
        "sign#of the product": lambda x: np.diag(softmax(x)) + np.outer(softmax(x), softmax(x)),
    },
    of="jacobian",
    symmetric=True,
)
subject(
    "softmax backward",
    softmax,
    lambda x, g: softmax(x) * (g - np.sum(softmax(x) * g)),
    (V,),
    {
        "missing_path": lambda x, g: softmax(x) * g,
        "unknown#mean": lambda x, g: softmax(x) * (g - np.mean(g)),
        "missing_reduction#sigmoid": lambda x, g: g * softmax(x) * (1 - softmax(x)),
    },
    of="vjp",
)
subject(
    "softmax of rows",
    lambda X: softmax(X, axis=1),
    lambda X, g: softmax(X, axis=1) * (g - np.sum(softmax(X, axis=1) * g, axis=1, keepdims=True)),
    (S,),
    {
        "wrong_axis#of the sum": lambda X, g: (
            softmax(X, axis=1) * (g - np.sum(softmax(X, axis=1) * g, axis=0, keepdims=True))
        ),
        "wrong_axis": lambda X, g: (
            softmax(X, axis=0) * (g - np.sum(softmax(X, axis=0) * g, axis=0, keepdims=True))
        ),
        "wrong_axis#sum over everything": lambda X, g: (
            softmax(X, axis=1) * (g - np.sum(softmax(X, axis=1) * g))
        ),
    },
    of="vjp",
)
subject(
    "attention scores",
    lambda Q, K: Q @ K.T / np.sqrt(2),
    lambda Q, K, g: (g @ K / np.sqrt(2), g.T @ Q / np.sqrt(2)),
    (S, T),
    {
        "factor#unscaled": lambda Q, K, g: (g @ K, g.T @ Q / np.sqrt(2)),
        "transpose#of the cotangent": lambda Q, K, g: (g @ K / np.sqrt(2), g @ Q / np.sqrt(2)),
    },
    of="vjp",
    wrt=ALL,
)

# Jacobians, forward mode, second order, values ---------------------------------------------------------------

subject(
    "polar coordinates",
    lambda r, t: np.stack([r * np.cos(t), r * np.sin(t)]),
    lambda r, t: (np.stack([np.cos(t), np.sin(t)]), np.stack([-r * np.sin(t), r * np.cos(t)])),
    (2.0, 0.5),
    {
        "sign#of a row": lambda r, t: (
            np.stack([np.cos(t), np.sin(t)]),
            np.stack([r * np.sin(t), r * np.cos(t)]),
        ),
        "swapped#rows": lambda r, t: (
            np.stack([np.sin(t), np.cos(t)]),
            np.stack([-r * np.sin(t), r * np.cos(t)]),
        ),
    },
    of="jacobian",
    wrt=ALL,
)
subject(
    "linear map",
    lambda x, A: A @ x,
    lambda x, A: A,
    (V, M),
    {
        "transpose": lambda x, A: A.T,
        "factor": lambda x, A: 2 * A,
    },
    of="jacobian",
)
subject(
    "tangent",
    lambda x: x * np.sin(x),
    lambda x, v: (np.sin(x) + x * np.cos(x)) * v,
    (V,),
    {
        "upstream": lambda x, v: np.sin(x) + x * np.cos(x),
        "missing_path": lambda x, v: x * np.cos(x) * v,
    },
    of="jvp",
)
subject(
    "hessian of a quadratic form",
    lambda x, A: x @ A @ x / 2,
    lambda x, A: (A + A.T) / 2,
    (V[:2], S),
    {
        "symmetry": lambda x, A: A,
        "factor": lambda x, A: A + A.T,
    },
    of="hessian",
    symmetric=True,
)
subject(
    "hessian of cubes",
    total(lambda x: x**3),
    lambda x: np.diag(6 * x),
    (V,),
    {
        "second_order#gradient": lambda x: np.diag(3 * x**2),
        "second_order#not diagonal": lambda x: np.outer(6 * x, np.ones(3)),
        "shape": lambda x: 6 * x,
    },
    of="hessian",
    symmetric=True,
)
subject(
    "logistic regression",
    lambda w, X: np.sum(np.log(1 + np.exp(X @ w))),
    lambda w, X: X.T @ (X * (expit(X @ w) * (1 - expit(X @ w)))[:, None]),
    (V[:2], N),
    {
        "missing_path#weights of the gradient": lambda w, X: X.T @ (X * expit(X @ w)[:, None]),
        "chain#no weights": lambda w, X: X.T @ X,
    },
    of="hessian",
    symmetric=True,
)
subject(
    "hessian times direction",
    lambda x, A: x @ A @ x / 2,
    lambda x, A, v: (A @ v + A.T @ v) / 2,
    (V[:2], S),
    {
        "symmetry": lambda x, A, v: A @ v,
        "swapped#at the point": lambda x, A, v: (A @ x + A.T @ x) / 2,
    },
    of="hvp",
)
subject(
    "rosenbrock in two",
    lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2,
    lambda x: np.stack([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]),
    (np.array([0.5, -1.0]),),
    {
        "missing_path": lambda x: np.stack([-400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)]),
        "sign#of a term": lambda x: np.stack(
            [-400 * x[0] * (x[1] - x[0] ** 2) + 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]
        ),
        "chain": lambda x: np.stack([-200 * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]),
        "index#entries": lambda x: np.stack(
            [200 * (x[1] - x[0] ** 2), -400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])]
        ),
    },
)
subject(
    "two forms of a value",
    lambda x: np.log(np.sum(np.exp(x))),
    lambda x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x)))),
    (V,),
    {
        "extra_term#maximum not added": lambda x: np.log(np.sum(np.exp(x - np.max(x)))),
        "factor#mean": lambda x: np.log(np.mean(np.exp(x))),
    },
    of="value",
)
subject(
    "two forms of a square",
    lambda x, y: (x + y) ** 2,
    lambda x, y: x**2 + 2 * x * y + y**2,
    (V, U),
    {
        "missing_path#dropped term": lambda x, y: x**2 + y**2,
        "factor#of a term": lambda x, y: x**2 + x * y + y**2,
    },
    of="value",
)

ARRAY_SUBJECTS: list[Any] = SUBJECTS[_BEFORE:]
del SUBJECTS[_BEFORE:]
