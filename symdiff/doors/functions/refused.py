"""Which functions cannot be traced, why, and what can be written instead?"""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.doors.dispatching import REFUSED

_ORDER = "which entry goes where depends on values"
_LINEAR = "linear algebra is not in the graph yet"
_ROUND = "it is constant between its jumps, so its derivative is zero or does not exist"
_COMPLEX = "its result is complex"

_REASONS: dict[tuple[Any, ...], tuple[str, str]] = {
    (np.sort, np.argsort, np.partition, np.median, np.percentile, np.quantile, np.lexsort): (
        _ORDER,
        "For the extremes use np.max and np.min; otherwise sort outside and pass the order as integers.",
    ),
    (np.argmax, np.argmin, np.nonzero, np.argwhere, np.flatnonzero, np.searchsorted): (
        "its result is a position that depends on values",
        "Find it outside and pass it as an integer argument, or use np.max, np.where.",
    ),
    (np.unique, np.bincount, np.histogram, np.digitize): (
        "the shape or content of its result depends on values",
        "Compute it outside and pass it as an argument.",
    ),
    (np.linalg.inv, np.linalg.solve, np.linalg.det, np.linalg.slogdet, np.linalg.cholesky, np.linalg.pinv): (
        _LINEAR,
        "Write it out for a small size, or check the derivative as a black box.",
    ),
    (np.linalg.eig, np.linalg.eigh, np.linalg.svd, np.linalg.qr, np.linalg.lstsq, np.linalg.matrix_rank): (
        _LINEAR,
        "Check the derivative as a black box.",
    ),
    (
        np.floor,
        np.ceil,
        np.rint,
        np.trunc,
        np.round,
        np.floor_divide,
        np.remainder,
        np.fmod,
        np.divmod,
        np.fix,
    ): (
        _ROUND,
        "Round outside and pass the result, or leave it out.",
    ),
    (np.isnan, np.isinf, np.isfinite, np.isclose, np.allclose, np.array_equal): (
        "it looks at values, which are not known while tracing",
        "Check values outside the traced function; for a guard inside use np.where with a comparison.",
    ),
    (np.fft.fft, np.fft.ifft, np.fft.rfft): (
        _COMPLEX,
        "Write the transform as a product with constant sine and cosine matrices.",
    ),
    (np.cumprod, np.cross, np.convolve, np.correlate, np.interp, np.trapezoid, np.gradient, np.cov): (
        "symdiff has no rule for it yet",
        "Write it with sums, products, slices and sliding_window_view.",
    ),
}
for _functions, _reason in _REASONS.items():
    REFUSED.update(dict.fromkeys(_functions, _reason))
