"""How do ``softmax`` and ``logsumexp`` act? As the compositions of the textbooks, shifted by the maximum."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as special

from symdiff.doors.dispatching import rule
from symdiff.doors.functions.reductions import axes_of
from symdiff.doors.recording import Recording


def _shift(a: Any, axis: Any) -> Any:
    return np.max(a, axis=axes_of(axis, np.ndim(a)), keepdims=True)


@rule(special.softmax)
def softmax(recording: Recording, x: Any, axis: Any = None) -> Any:
    """``exp(x - m) / sum(exp(x - m))`` with m the maximum."""
    axes = axes_of(axis, np.ndim(x))
    powers = np.exp(x - _shift(x, axis))
    return powers / np.sum(powers, axis=axes, keepdims=True)


@rule(special.log_softmax)
def log_softmax(recording: Recording, x: Any, axis: Any = None) -> Any:
    """``x - m - log(sum(exp(x - m)))``."""
    axes = axes_of(axis, np.ndim(x))
    shifted = x - _shift(x, axis)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axes, keepdims=True))


@rule(special.logsumexp)
def logsumexp(
    recording: Recording,
    a: Any,
    axis: Any = None,
    b: Any = None,
    keepdims: Any = False,
    return_sign: Any = False,
) -> Any:
    """``m + log(sum(b * exp(a - m)))``."""
    if return_sign:
        raise TypeError("logsumexp() got an unsupported argument 'return_sign'")
    axes = axes_of(axis, np.ndim(a))
    m = _shift(a, axis)
    powers = np.exp(a - m) if b is None else b * np.exp(a - m)
    total = np.log(np.sum(powers, axis=axes, keepdims=keepdims))
    return total + (m if keepdims else np.squeeze(m, axis=axes))
