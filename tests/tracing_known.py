"""Which calls can be traced? The rows that trace; an example's parameters name its samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as special
from numpy.lib.stride_tricks import sliding_window_view
from tracing_rows import rows

ARITHMETIC = rows(
    ("+ - * / **", lambda x, p: (x + 2 * p - 0.1) / p + p**x + x**2 + p**0.5 + 2**x + p**-1 + x**3),
    (
        "< <= > >= == !=",
        lambda x, y: (x < y) + 2 * (x <= 0) + 4 * (x > y) + 8 * (x >= y) + (x == y) + (x != 1.5),
    ),
    ("& | ^ ~", lambda x, y: np.where(((x > 0) & (y > 0)) | ~(x < 1) ^ (y > 1), x, y)),
    ("abs, unary -, +", lambda x: abs(-x) + (+x)),
    (
        "np.add subtract multiply divide",
        lambda x, p: np.add(x, p) * np.subtract(x, np.multiply(p, 3)) / np.divide(p, 4),
    ),
    ("np.power float_power", lambda p, x: np.power(p, x) + np.float_power(p, 3)),
    ("np.negative positive reciprocal", lambda p: np.negative(p) + np.positive(p) + np.reciprocal(p)),
    (
        "np.add.reduce multiply.outer",
        lambda x, p: np.add.reduce(x) + np.multiply.outer(x, p) + np.add.accumulate(x),
    ),
    (
        "np.greater less equal ...",
        lambda x, y: np.greater(x, y) * 2.0 + np.less_equal(x, y) + np.not_equal(x, y),
    ),
    (
        "np.logical_and or xor not",
        lambda x, y: np.logical_xor(np.logical_and(x > 0, y > 0), np.logical_not(x > y)) * x,
    ),
)
NON_SMOOTH = rows(
    ("np.where", lambda x, y: np.where(x > y, x, 2 * y)),
    ("np.maximum minimum", lambda x, y: np.maximum(x, y) + np.minimum(x, 0.3) + np.maximum(0, y)),
    ("np.fmax fmin", lambda x, y: np.fmax(x, y) * np.fmin(x, y)),
    ("np.clip", lambda x: np.clip(x, -0.5, 1) + x.clip(0, None)),
    ("np.abs absolute fabs", lambda x: np.abs(x) + np.absolute(x) * np.fabs(x)),
    ("np.sign heaviside copysign", lambda x, y: np.sign(x) + np.heaviside(x, 0.5) + np.copysign(x, y)),
)
ELEMENTWISE = rows(
    ("np.exp exp2 expm1", lambda x: np.exp(x) + np.exp2(x) + np.expm1(x)),
    ("np.log log2 log10 log1p", lambda p: np.log(p) + np.log2(p) + np.log10(p) + np.log1p(p)),
    ("np.sqrt cbrt square", lambda p, x: np.sqrt(p) + np.cbrt(x) + np.square(x)),
    ("np.sin cos tan", lambda p: np.sin(p) + np.cos(p) + np.tan(p)),
    ("np.arcsin arccos arctan", lambda p: np.arcsin(p) + np.arccos(p) + np.arctan(p)),
    ("np.sinh cosh tanh", lambda x: np.sinh(x) + np.cosh(x) + np.tanh(x)),
    ("np.arcsinh arccosh arctanh", lambda p: np.arcsinh(p) + np.arccosh(1 + p) + np.arctanh(p)),
    ("np.arctan2 hypot", lambda x, p: np.arctan2(x, p) + np.hypot(x, p)),
    ("np.logaddexp logaddexp2", lambda x, y: np.logaddexp(x, y) + np.logaddexp2(x, y)),
    ("np.sinc", lambda x: np.sinc(x)),
    (
        "np.deg2rad rad2deg radians degrees",
        lambda x: np.deg2rad(x) + np.rad2deg(x) + np.radians(x) + np.degrees(x),
    ),
    ("np.real imag conj", lambda x: np.real(x) + np.imag(x) + np.conj(x) + x.real + x.imag + x.conj()),
)
SPECIAL = rows(
    ("special.erf erfc erfcx", lambda x: special.erf(x) + special.erfc(x) + special.erfcx(x)),
    ("special.expit logit log_expit", lambda p: special.expit(p) + special.logit(p) + special.log_expit(p)),
    ("special.ndtr log_ndtr", lambda x: special.ndtr(x) + special.log_ndtr(x)),
    ("special.xlogy xlog1py", lambda x, p: special.xlogy(x, p) + special.xlog1py(x, p)),
    (
        "special.gamma gammaln digamma psi",
        lambda p: special.gamma(p) + special.gammaln(p) + special.digamma(p) + special.psi(p),
    ),
    (
        "special.entr rel_entr kl_div",
        lambda p: special.entr(p) + special.rel_entr(p, p**2) + special.kl_div(p, p / 2),
    ),
    ("special.softmax", lambda M: special.softmax(M) + special.softmax(M, axis=1)),
    ("special.log_softmax", lambda M: special.log_softmax(M) + special.log_softmax(M, axis=0)),
    (
        "special.logsumexp",
        lambda M: (
            special.logsumexp(M) + special.logsumexp(M, axis=1, keepdims=True) + special.logsumexp(M, axis=0)
        ),
    ),
    ("special.logsumexp(b=)", lambda M: special.logsumexp(M, axis=1, b=np.array([0.5, 2.0, 1.0, 0.25]))),
)
REDUCTIONS = rows(
    ("np.sum", lambda M: np.sum(M) + M.sum(axis=0) + M.sum(axis=-1, keepdims=True)),
    ("np.mean average", lambda M: np.mean(M) + M.mean(0) + np.average(M, axis=1, keepdims=True)),
    ("np.average(weights=)", lambda M, p: np.average(M, axis=0, weights=p)),
    ("np.prod", lambda M: np.prod(M) + M.prod(axis=0) + M.prod(axis=1, keepdims=True)),
    (
        "np.max min amax amin ptp",
        lambda M: np.max(M) + M.min(axis=0) + np.amax(M, 1, keepdims=True) - np.amin(M) + np.ptp(M),
    ),
    (
        "np.var std",
        lambda M: np.var(M) + M.std(axis=0) + np.var(M, axis=1, ddof=1, keepdims=True) + np.std(M),
    ),
    ("np.cumsum", lambda M: np.cumsum(M, axis=1) + np.reshape(np.cumsum(M), (3, 4)) + M.cumsum(0)),
    ("np.diff", lambda M: np.diff(M, axis=1) + np.diff(M, n=1)),
    ("np.all any count_nonzero", lambda x: x * np.all(x > -9) + np.any(x > 9) + np.count_nonzero(x > 0)),
    (
        "np.linalg.norm",
        lambda x: np.linalg.norm(x) + np.linalg.norm(x, 1) + np.linalg.norm(x, np.inf) + np.linalg.norm(x, 3),
    ),
    (
        "np.linalg.norm of matrices",
        lambda M: (
            np.linalg.norm(M) + np.linalg.norm(M, "fro") + np.linalg.norm(M, np.inf) + np.linalg.norm(M, 1)
        ),
    ),
    (
        "np.linalg.norm(axis=)",
        lambda M: np.linalg.norm(M, axis=0) + np.linalg.norm(M, 2, axis=1, keepdims=True),
    ),
)
PRODUCTS = rows(
    ("@", lambda M, N, x: x @ M @ N + (M @ N).sum(axis=0)),
    ("@ with leading axes", lambda T, N: T @ N + T[0] @ N),
    (
        "np.matmul dot inner vdot",
        lambda M, x, y: np.matmul(x, M) + np.dot(M.T, y) + np.inner(x, y) + np.vdot(x, y),
    ),
    (
        "np.outer tensordot",
        lambda T, M, x: np.outer(x, x).sum() + np.tensordot(T, M, 2) + np.tensordot(T, M, ([1, 2], [0, 1])),
    ),
    (
        "np.einsum",
        lambda T, M: np.einsum("bij,ij->b", T, M) + np.einsum("...ij,ij", T, M) + np.einsum("ij->", M),
    ),
    (
        "np.einsum with ...",
        lambda S, T: (
            np.einsum("...ij,kj->...ik", T[:, :, :3], S) + np.einsum("ii", S) + np.einsum("ij->ji", S)
        ),
    ),
    (
        "np.trace diagonal diag",
        lambda S, x: np.trace(S) + np.diagonal(S) + np.diag(S) + np.diag(x) + np.trace(S, 1),
    ),
    ("np.diag(k=)", lambda x, S: np.diag(x, 1).sum(axis=0)[:2] + np.diag(S, -1)),
    ("np.kron", lambda M, x: np.kron(M, x).sum(axis=0) + np.kron(x, M[0])),
    ("np.tril triu", lambda S: np.tril(S) + 2 * np.triu(S, 1) + np.tril(np.ones((3, 3)))),
)
COMPOSITIONS = rows(
    ("np.polyval", lambda x: np.polyval([2.0, -1.0, 0.5], x)),
    ("np.select", lambda x: np.select([x < -1, x < 1], [-x, x**2], default=3.0)),
    (
        "np.append, lists of numbers",
        lambda x, s: np.append(x, s) + np.append([s], x) + np.var([s, x[0], 2.0]),
    ),
    (
        "np.meshgrid broadcast_arrays",
        lambda x, p: np.meshgrid(x, p)[0] + np.broadcast_arrays(x[:, None], p)[1],
    ),
    (
        "np.linalg.multi_dot matrix_power",
        lambda M, N, S: np.linalg.multi_dot([S, M, N]).sum() + np.linalg.matrix_power(S, 3),
    ),
    ("np.isscalar iscomplexobj", lambda s: s * 2 if np.isscalar(s) and not np.iscomplexobj(s) else s),
)
SHAPING = rows(
    (
        "np.reshape ravel flatten",
        lambda M: np.reshape(M, (2, -1)) + M.reshape(2, 6) + M.ravel().reshape(2, 6) + M.flatten()[0],
    ),
    (
        "np.transpose .T swapaxes moveaxis",
        lambda T: np.transpose(T, (2, 0, 1)) + T.T.swapaxes(1, 2) + np.moveaxis(T, -1, 0),
    ),
    ("np.squeeze expand_dims", lambda x: np.squeeze(np.expand_dims(x, (0, 2))) + x[:, None].squeeze(1)),
    ("np.broadcast_to", lambda x: np.broadcast_to(x, (2, 3))),
    (
        "np.concatenate stack",
        lambda x, y: np.concatenate([x, y, x]).reshape(3, 3) + np.stack([x, y, x], axis=1),
    ),
    (
        "np.vstack hstack column_stack",
        lambda x, y: np.vstack([x, y]) + np.hstack([x, y]).reshape(2, 3) + np.column_stack([x, y]).T,
    ),
    (
        "np.split array_split",
        lambda M: (
            np.split(M, 2, axis=1)[0] + np.split(M, [2], axis=1)[1] + np.array_split(M.T, 3)[0].T[:, :2]
        ),
    ),
    ("np.pad", lambda M: np.pad(M, 1) + np.pad(M, ((1, 1), (0, 2)), constant_values=2.5)),
    ("np.roll flip", lambda M: np.roll(M, 1, axis=0) + np.roll(M, -2) + np.flip(M) + np.flip(M, 1)),
    (
        "np.tile repeat",
        lambda x: np.tile(x, 2) + np.repeat(x, 2) + np.repeat(x, [1, 3, 2]) + np.tile(x, (2, 2)),
    ),
    ("np.take", lambda M: np.take(M, [0, 2], axis=0) + M.take([1, 1], axis=0)),
    ("np.take_along_axis", lambda M: np.take_along_axis(M, np.array([[0], [3], [1]]), axis=1)),
    ("sliding_window_view", lambda x: sliding_window_view(x, 2) @ np.array([1.0, 0.5])),
    ("np.atleast_1d atleast_2d", lambda x, s: np.atleast_1d(s) + np.atleast_2d(x)),
)
INDEXING = rows(
    ("x[1] x[-1] x[1:] x[::2] x[::-1]", lambda x: x[1] + x[-1] + x[1:] + x[::2] + x[::-1][:2]),
    ("x[..., None] x[:, 1:3]", lambda M: M[..., None][:, 1:3, 0] + M[None, :, :2][0] + M[:, -1:]),
    (
        "x[[0, 2, 2]] (constant integers)",
        lambda M: M[[0, 2, 2]] + M[np.array([2, 1, 0])] + M[:, [0, 1, 1, 3]],
    ),
    ("x[i, j] (constant integers)", lambda M: M[[0, 1], [2, 3]] + M[np.arange(2), 1] + M[0, [1, 2]]),
    ("x[mask] (constant mask)", lambda x: x[np.array([True, False, True])]),
    ("table[i] (integer argument)", lambda M, i: M[i] + np.take(M, i, axis=0)),
    ("x[np.arange(n), i] (integer argument)", lambda M, i: M[np.arange(2), i] + M[[0, 1], i]),
    ("iteration, len, zip, enumerate", lambda M: sum(row * k for k, row in enumerate(M)) + len(M)),
)
CREATION = rows(
    (
        "np.array asarray of traced numbers",
        lambda s, x: np.array([s, 2.0, x[0]]) + np.asarray([x[1], 1, s * s]),
    ),
    ("np.array of rows", lambda x, s: np.array([[s, 0], [1, x[0]]]) @ x[:2]),
    (
        "np.zeros ones full empty",
        lambda x: np.zeros(3) + np.ones((2, 3)) * x + np.full(3, 0.1) + 0 * np.empty(3).shape[0],
    ),
    ("np.eye identity tri", lambda S: S @ np.eye(3) + np.identity(3) + np.tri(3)),
    (
        "np.arange linspace meshgrid",
        lambda x: np.arange(3) * x + np.linspace(0, 1, 3) + np.meshgrid(np.arange(3), np.arange(2))[0],
    ),
    (
        "np.zeros_like ones_like full_like",
        lambda x: np.zeros_like(x) + np.ones_like(x) * x + np.full_like(x, 0.3) + np.empty_like(x) * 0,
    ),
    ("out[i] = v, out[i] += v", lambda x: _recurrence(x)),
    ("out[1:-1] = v, out[:, j] += v", lambda M: _stencil(M)),
    ("out[mask] = v", lambda x: _masked(x)),
    ("x.astype(float) x.copy()", lambda x: x.astype(float) + x.copy() + (x > 0).astype(float)),
)


def _recurrence(x: Any) -> Any:
    out = np.zeros(4)
    out[0] = x[0]
    for k in range(1, 4):
        out[k] = np.tanh(out[k - 1]) + x[k % 3]
        out[k] += 0.5
    return out


def _stencil(M: Any) -> Any:
    out = np.ones((3, 4))
    out[1:-1] = M[:1] * 2
    out[:, 0] += M[:, 1]
    out[:, -1:] *= 3
    return out


def _masked(x: Any) -> Any:
    out = x.copy()
    out[x < 0] = 0.0
    return out
