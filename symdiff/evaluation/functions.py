"""Which Python objects do the names in templates stand for?"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import scipy.special

from symdiff.errors import NotCompilable, explain


def softplus(x: Any, out: Any = None, dtype: Any = None) -> Any:
    """``log(1 + exp(x))`` without overflow."""
    return np.logaddexp(x, 0.0, out=out, dtype=dtype)


@np.errstate(over="ignore")
def expit(x: Any, out: Any = None, dtype: Any = None) -> Any:
    """``1 / (1 + exp(-x))``, several times as fast as SciPy's; below -log(max) it is 0."""
    out = np.negative(x, out=out, dtype=dtype)
    if not isinstance(out, np.ndarray):
        return 1.0 / (1.0 + np.exp(out))
    np.exp(out, out=out)
    np.add(out, 1.0, out=out)
    return np.reciprocal(out, out=out)


def where(condition: Any, x: Any, y: Any, out: Any = None, dtype: Any = None) -> Any:
    """``x`` where the condition holds, otherwise ``y``, into ``out``."""
    if out is None:
        return np.where(condition, x, y)[()]
    np.copyto(out, y, casting="unsafe")
    np.copyto(out, x, where=np.asarray(condition, bool), casting="unsafe")
    return out


def converted(x: Any, out: Any, dtype: Any = None) -> Any:
    """``x`` as the kind of number that ``out`` holds."""
    np.copyto(out, x, casting="unsafe")
    return out


def sinc(x: Any, out: Any = None, dtype: Any = None) -> Any:
    """``sin(pi x) / (pi x)``."""
    return _into(np.sinc(x), out)


def polygamma(order: float, x: Any, out: Any = None, dtype: Any = None) -> Any:
    """The derivatives of digamma."""
    return _into(scipy.special.polygamma(int(order), x), out)


def lambertw(x: Any, out: Any = None, dtype: Any = None) -> Any:
    """The real branch of Lambert's W."""
    return _into(scipy.special.lambertw(x).real, out)


def _into(value: Any, out: Any) -> Any:
    if out is None:
        return value
    out[...] = value
    return out


_OWN = {f.__name__: f for f in (softplus, expit, where, converted, sinc, polygamma, lambertw)}


@cache
def array_function(name: str) -> Callable[..., Any]:
    """The array function of that name: ours, NumPy's, or SciPy's."""
    for found in (_OWN.get(name), getattr(np, name, None), getattr(scipy.special, name, None)):
        if found is not None:
            return found
    raise NotCompilable(
        explain(
            "compile('numpy')", {"function": name}, "NumPy and SciPy lack it: use the arithmetic 'mpmath'."
        )
    )


# Python floats ---------------------------------------------------------------------------------------------


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _logaddexp(x: float, y: float) -> float:
    return max(x, y) + math.log1p(math.exp(-abs(x - y))) if x != y else x + math.log(2)


def _expit(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700.0 else math.exp(x)


def _logit(x: float) -> float:
    return math.log(x / (1.0 - x))


def _sinc(x: float) -> float:
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


def _xlogy(x: float, y: float) -> float:
    return x * math.log(y) if x else 0.0


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


_SCALAR: dict[str, Callable[..., Any]] = {
    "softplus": _softplus,
    "logaddexp": _logaddexp,
    "expit": _expit,
    "logit": _logit,
    "sinc": _sinc,
    "xlogy": _xlogy,
    "sign": _sign,
    "maximum": max,
    "minimum": min,
    "abs": abs,
}


@cache
def scalar_function(name: str) -> Callable[..., Any]:
    """The function of Python floats of that name: ours, math's, or SciPy's."""
    for found in (
        _SCALAR.get(name),
        getattr(math, name, None),
        _OWN.get(name),
        getattr(scipy.special, name, None),
    ):
        if found is not None:
            return found
    raise NotCompilable(
        explain("compile('math')", {"function": name}, "Python's math lacks it: use the arithmetic 'numpy'.")
    )
