"""Which calls cannot be traced? The rows of the table that end in an error, with what to write instead."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tracing_rows import Row

from symdiff.errors import DtypeError, ImpureFunction, TracingError, UnknownFunction, ValueDependentBranch


def _branch(x: Any) -> Any:
    return x if x[0] > 0 else -x


ROWS = [
    Row("if x > 0", _branch, ValueDependentBranch, "np.where"),
    Row(
        "while x > 0, and, or, not, min(x, y)", lambda x: min(x[0], x[1]), ValueDependentBranch, "np.minimum"
    ),
    Row("x[x > 0]", lambda x: x[x > 0], ValueDependentBranch, "np.where(x > 0, x, 0)"),
    Row("float(x) int(x) x.item()", lambda x: float(x[0]), TracingError, "the array itself"),
    Row("math.sin(x)", lambda x: math.sin(x[0]), TracingError, "np.sin"),
    Row("np.random.rand", lambda x: x + np.random.rand(3), ImpureFunction, "an argument"),
    Row("np.sort argsort median percentile", lambda x: np.sort(x), UnknownFunction, "np.max, np.min"),
    Row("np.median", lambda x: np.median(x), UnknownFunction),
    Row("np.percentile", lambda x: np.percentile(x, 50), UnknownFunction),
    Row("np.argmax argmin nonzero", lambda x: np.argmax(x), UnknownFunction, "np.max"),
    Row("np.nonzero", lambda x: np.nonzero(x), UnknownFunction),
    Row("np.unique histogram", lambda x: np.unique(x), UnknownFunction),
    Row("np.linalg.inv", lambda S: np.linalg.inv(S), UnknownFunction),
    Row("np.linalg.solve", lambda S, x: np.linalg.solve(S, x), UnknownFunction),
    Row("np.linalg.det slogdet cholesky", lambda S: np.linalg.det(S), UnknownFunction),
    Row("np.linalg.eigh svd qr", lambda S: np.linalg.svd(S), UnknownFunction),
    Row("np.linalg.norm(ord='nuc')", lambda S: np.linalg.norm(S, "nuc"), TracingError, "'fro', 1, np.inf"),
    Row("np.floor ceil round // %", lambda x: np.floor(x), UnknownFunction),
    Row("//", lambda x: x // 2, UnknownFunction),
    Row("np.isnan isfinite allclose", lambda x: np.isnan(x), UnknownFunction, "a comparison in np.where"),
    Row("np.fft", lambda x: np.fft.fft(x), UnknownFunction, "a constant matrix"),
    Row(
        "np.cumprod cross convolve interp", lambda x: np.cumprod(x), UnknownFunction, "sums, products, slices"
    ),
    Row("np.vectorize", lambda x: np.vectorize(lambda v: v * v)(x), TracingError, "the ufunc itself"),
    Row("np.pad(mode='edge')", lambda x: np.pad(x, 1, mode="edge"), TracingError, "np.concatenate"),
    Row("x * 1j", lambda x: x * 1j, DtypeError),
]
