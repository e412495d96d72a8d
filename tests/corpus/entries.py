"""Wrong derivatives of array functions: shapes, axes, indices, orders of factors, symmetry."""

from __future__ import annotations

from typing import Any

import numpy as np

from corpus import Pairs

PAIRS = Pairs()
X = np.array([0.5, -1.25, 2.0])
V = np.array([0.75, 1.5, -0.25])
M = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
S = np.array([[1.0, 0.5, -2.0], [0.25, -1.5, 0.75], [2.0, 1.25, 0.5]])


# Shapes -----------------------------------------------------------------------------------------------------


PAIRS.add(
    "gradient as a column",
    "shape",
    lambda x: np.sum(x**2),
    wrong=lambda x: 2 * x.reshape(-1, 1),
    right=lambda x: 2 * x,
    inputs=(X,),
)
PAIRS.add(
    "gradient of a mean as one number",
    "shape",
    np.mean,
    wrong=lambda x: 1 / x.size,
    right=lambda x: np.full(x.shape, 1 / x.size),
    inputs=(M,),
)
PAIRS.add(
    "Hessian of an elementwise function as its diagonal",
    "shape",
    lambda x: np.sum(np.cosh(x)),
    wrong=np.cosh,
    right=lambda x: np.diag(np.cosh(x)),
    inputs=(X,),
    of="hessian",
    special="second order",
)
PAIRS.add(
    "gradient of a bias with its summed axis kept",
    "shape",
    lambda x, b: np.sum((x + b) ** 2),
    wrong=lambda x, b: np.sum(2 * (x + b), axis=0, keepdims=True),
    right=lambda x, b: np.sum(2 * (x + b), axis=0),
    inputs={"x": M, "b": X},
    wrt="b",
)
PAIRS.add(
    "gradient in the shape of the other factor",
    "shape",
    lambda x, y: np.sum(x * y),
    wrong=lambda x, y: 1.0 * y,
    right=lambda x, y: y * np.ones(2),
    inputs={"x": np.array([2.0, -1.0]), "y": np.array([1.5])},
    wrt="x",
    source="github.com/HIPS/autograd/issues/376",
)


# Transposes -------------------------------------------------------------------------------------------------


def curve(x: Any) -> Any:
    return np.stack([x[0] * x[1], np.sin(x[2]) + x[0]])


def curve_jacobian(x: Any) -> Any:
    out = np.zeros((2, 3))
    out[0, 0], out[0, 1] = x[1], x[0]
    out[1, 0], out[1, 2] = 1.0, np.cos(x[2])
    return out


PAIRS.add(
    "Jacobian with its columns for rows",
    "transpose",
    curve,
    wrong=lambda x: curve_jacobian(x).T,
    right=curve_jacobian,
    inputs=(X,),
    of="jacobian",
    source="github.com/stan-dev/math/issues/230",
)
PAIRS.add(
    "bilinear form by its matrix, factors exchanged",
    "transpose",
    lambda A, u, v: u @ A @ v,
    wrong=lambda A, u, v: np.outer(v, u),
    right=lambda A, u, v: np.outer(u, v),
    inputs={"A": M, "u": np.array([1.0, -0.5]), "v": V},
    wrt="A",
)
PAIRS.add(
    "permuted axes sent back by the same permutation",
    "transpose",
    lambda x: np.transpose(x, (1, 2, 0)),
    wrong=lambda x, g: np.transpose(g, (1, 2, 0)),
    right=lambda x, g: np.transpose(g, (2, 0, 1)),
    inputs=(np.arange(8.0).reshape(2, 2, 2) / 4 - 0.75,),
    of="vjp",
)
PAIRS.add(
    "rolled axis where the forward pass rolls none",
    "transpose",
    lambda x: 1.0 * x,
    wrong=lambda x, g: np.moveaxis(g, -1, 0),
    right=lambda x, g: g,
    inputs=(np.arange(8.0).reshape(2, 2, 2) / 4 - 0.75,),
    of="vjp",
    special="shape",
    source="github.com/chainer/chainer/pull/4836",
)


# Axes -------------------------------------------------------------------------------------------------------


def row_shares(x: Any) -> Any:
    return x / np.sum(x, axis=1, keepdims=True)


def row_shares_backward(x: Any, g: Any) -> Any:
    s = np.sum(x, axis=1, keepdims=True)
    return g / s - np.sum(g * x, axis=1, keepdims=True) / s**2


def row_shares_by_column(x: Any, g: Any) -> Any:
    s = np.sum(x, axis=1, keepdims=True)
    return g / s - np.sum(g * x, axis=0, keepdims=True) / s**2


PAIRS.add(
    "row shares, backward summed down the columns",
    "wrong_axis",
    row_shares,
    wrong=row_shares_by_column,
    right=row_shares_backward,
    inputs=(np.abs(M) + 0.5,),
    of="vjp",
    domain={"x": (0, None)},
)
PAIRS.add(
    "weights of columns summed over the other axis",
    "wrong_axis",
    lambda x, w: np.sum(np.sin(x * w)),
    wrong=lambda x, w: np.sum(np.cos(x * w) * x, axis=1),
    right=lambda x, w: np.sum(np.cos(x * w) * x, axis=0),
    inputs={"x": S, "w": V},
    wrt="w",
    special="shape",
)
PAIRS.add(
    "cumulative sum turned back along the other axis",
    "wrong_axis",
    lambda x: np.cumsum(x, axis=0),
    wrong=lambda x, g: np.flip(np.cumsum(np.flip(g, 1), axis=1), 1),
    right=lambda x, g: np.flip(np.cumsum(np.flip(g, 0), axis=0), 0),
    inputs=(M,),
    of="vjp",
)
PAIRS.add(
    "bias of channels that are last, summed as if they were first",
    "wrong_axis",
    lambda x, b: x + b,
    wrong=lambda x, b, g: np.sum(g, axis=(0, 2, 3)),
    right=lambda x, b, g: np.sum(g, axis=(0, 1, 2)),
    inputs={"x": np.arange(12.0).reshape(1, 3, 2, 2)[:, :2] / 4 - 1, "b": np.array([0.5, -1.0])},
    wrt="b",
    of="vjp",
    special="shape",
    source="github.com/deeplearning4j/deeplearning4j/issues/8280",
)


# Indices ----------------------------------------------------------------------------------------------------


PAIRS.add(
    "roll that rolls on instead of back",
    "index",
    lambda x: np.roll(x, 1),
    wrong=lambda x, g: np.roll(g, 1),
    right=lambda x, g: np.roll(g, -1),
    inputs=(np.array([0.5, -1.0, 2.0, 1.5]),),
    of="vjp",
    source="github.com/apache/mxnet/pull/15902",
)
PAIRS.add(
    "reversed cumulative sum that leaves its own entry out",
    "index",
    np.cumsum,
    wrong=lambda x, g: np.flip(np.cumsum(np.flip(g))) - g,
    right=lambda x, g: np.flip(np.cumsum(np.flip(g))),
    inputs=(X,),
    of="vjp",
)


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_grad(x: Any) -> Any:
    out = np.zeros(4)
    out[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    out[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return out


def rosenbrock_shifted(x: Any) -> Any:
    out = np.zeros(4)
    out[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    out[:-1] += 200 * (x[1:] - x[:-1] ** 2)
    return out


PAIRS.add(
    "Rosenbrock with the second term one place too early",
    "index",
    rosenbrock,
    wrong=rosenbrock_shifted,
    right=rosenbrock_grad,
    inputs=(np.array([0.5, -1.0, 2.0, 1.5]),),
)


def smooth(x: Any, k: Any) -> Any:
    return np.sum(np.sin(k[0] * x[:-1] + k[1] * x[1:]))


def smooth_grad(x: Any, k: Any) -> Any:
    c = np.cos(k[0] * x[:-1] + k[1] * x[1:])
    return np.stack([np.sum(c * x[:-1]), np.sum(c * x[1:])])


def smooth_same_window(x: Any, k: Any) -> Any:
    c = np.cos(k[0] * x[:-1] + k[1] * x[1:])
    return np.stack([np.sum(c * x[:-1]), np.sum(c * x[:-1])])


PAIRS.add(
    "kernel of two, both entries by the first window",
    "index",
    smooth,
    wrong=smooth_same_window,
    right=smooth_grad,
    inputs={"x": np.array([0.5, -1.0, 2.0, 1.5]), "k": np.array([0.75, -0.5])},
    wrt="k",
)


# Symmetry ---------------------------------------------------------------------------------------------------


PAIRS.add(
    "quadratic form of a matrix taken for symmetric",
    "symmetry",
    lambda w, A, b: 0.5 * w @ A @ w - b @ w,
    wrong=lambda w, A, b: A @ w - b,
    right=lambda w, A, b: 0.5 * (A + A.T) @ w - b,
    inputs={"w": X, "A": S, "b": V},
    wrt="w",
    source="github.com/distillpub/post--momentum/issues/76",
)
PAIRS.add(
    "Hessian of a quadratic form as twice its matrix",
    "symmetry",
    lambda x, A: x @ A @ x,
    wrong=lambda x, A: 2 * A,
    right=lambda x, A: A + A.T,
    inputs={"x": X, "A": S},
    wrt="x",
    of="hessian",
    special="second order",
)
PAIRS.add(
    "Hessian-vector product of a quadratic form as twice its product",
    "symmetry",
    lambda x, A: x @ (A @ x),
    wrong=lambda x, A, v: 2 * (A @ v),
    right=lambda x, A, v: A @ v + v @ A,
    inputs={"x": X, "A": S},
    wrt="x",
    of="hvp",
    special="second order",
)
PAIRS.add(
    "trace of a product of squares, factors taken to commute",
    "symmetry",
    lambda A, B: np.trace(A @ A @ B),
    wrong=lambda A, B: 2 * (A @ B).T,
    right=lambda A, B: (A @ B + B @ A).T,
    inputs={"A": S, "B": S.T + 1},
    wrt="A",
)
