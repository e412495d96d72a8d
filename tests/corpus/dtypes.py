"""Claims that are wrong in one dtype only: kernels for single precision, tables of half precision."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erf

from corpus import Pairs

PAIRS = Pairs()
SINGLE = {"dtype": "float32"}
X = np.array([0.5, -1.25, 2.0], dtype=np.float32)


def single(x: Any) -> bool:
    return getattr(x, "dtype", None) == np.float32


def floats(x: Any) -> list[float]:
    return [float(v) for v in x]


# Kernels ----------------------------------------------------------------------------------------------------


def squares(x: Any) -> Any:
    return np.sum(x**2)


def squares_kernel(x: Any) -> Any:
    """Two kernels, of which that for single precision lost its two."""
    v = np.array(floats(x))
    return v.astype(np.float32) if single(x) else 2 * v


def squares_grad(x: Any) -> Any:
    """Both kernels with their two."""
    return np.asarray([2 * float(e) for e in x], dtype=getattr(x, "dtype", float))


PAIRS.add(
    "squares, two lost in the kernel for single precision",
    "factor",
    squares,
    wrong=squares_kernel,
    right=squares_grad,
    inputs=(X,),
    options=SINGLE,
    special="dtype",
)


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def softmax_kernel(z: Any, g: Any) -> Any:
    """Two kernels, of which that for single precision lost the sum."""
    values = np.asarray([float(v) for v in z], dtype=z.dtype)
    y = softmax(values)
    return y * g if z.dtype == np.float32 else y * (g - np.sum(g * y))


def softmax_backward(z: Any, g: Any) -> Any:
    """Both kernels with their sum."""
    y = softmax(np.asarray([float(v) for v in z], dtype=z.dtype))
    return y * (g - np.sum(g * y))


PAIRS.add(
    "softmax, path lost in the kernel for single precision",
    "missing_path",
    softmax,
    wrong=softmax_kernel,
    right=softmax_backward,
    inputs=(X,),
    of="vjp",
    options=SINGLE,
    special="dtype",
)


def clipped(x: Any) -> Any:
    return np.clip(x, -1, 1)


def clipped_kernel(x: Any, g: Any) -> Any:
    """Two kernels, of which that for single precision lost its lower bound."""
    inside = [v < 1 and (single(x) or v > -1) for v in floats(x)]
    return np.asarray(np.where(inside, g, 0), dtype=g.dtype)


def clipped_backward(x: Any, g: Any) -> Any:
    """Both kernels with both bounds."""
    return np.asarray(np.where([-1 < v < 1 for v in floats(x)], g, 0), dtype=g.dtype)


PAIRS.add(
    "clip, lower bound lost in the kernel for single precision",
    "threshold",
    clipped,
    wrong=clipped_kernel,
    right=clipped_backward,
    inputs=(X,),
    of="vjp",
    options=SINGLE,
    special="dtype",
)


def gelu(x: Any) -> Any:
    return np.sum(0.5 * x * (1 + erf(x / np.sqrt(2))))


def gelu_slope(v: float) -> float:
    return 0.5 * math.erfc(-v / math.sqrt(2)) + v * math.exp(-v * v / 2) / math.sqrt(2 * math.pi)


def gelu_tanh_slope(v: float) -> float:
    c = math.sqrt(2 / math.pi)
    t = math.tanh(c * (v + 0.044715 * v**3))
    return 0.5 * (1 + t) + 0.5 * v * (1 - t * t) * c * (1 + 3 * 0.044715 * v * v)


def gelu_kernel(x: Any) -> Any:
    """Two kernels, of which that for single precision takes the tanh form."""
    return np.array([(gelu_tanh_slope if single(x) else gelu_slope)(v) for v in floats(x)], dtype=x.dtype)


PAIRS.add(
    "GELU by erf, tanh form in the kernel for single precision",
    "convention",
    gelu,
    wrong=gelu_kernel,
    right=lambda x: np.array([gelu_slope(v) for v in floats(x)], dtype=x.dtype),
    inputs=(X,),
    options=SINGLE,
    special="dtype",
)


def cosine_kernel(x: Any) -> Any:
    """Two kernels, of which that for single precision lost its minus."""
    return np.array([math.sin(v) if single(x) else -math.sin(v) for v in floats(x)], dtype=x.dtype)


PAIRS.add(
    "cosine, minus lost in the kernel for single precision",
    "sign",
    lambda x: np.sum(np.cos(x)),
    wrong=cosine_kernel,
    right=lambda x: np.array([-math.sin(v) for v in floats(x)], dtype=x.dtype),
    inputs=(X,),
    options=SINGLE,
    special="dtype",
)


# Digits -----------------------------------------------------------------------------------------------------


PAIRS.add(
    "tanh by one minus its square, saturated in single precision",
    "cancellation",
    lambda x: np.sum(np.tanh(x)),
    wrong=lambda x: 1 - np.tanh(x) ** 2,
    right=lambda x: 1 / np.cosh(x) ** 2,
    inputs=(np.array([9.5, 0.5], dtype=np.float32),),
    options=SINGLE,
    special="dtype",
)


def table_of_exp(x: Any) -> Any:
    """Exponentials read from a half-precision table."""
    values = np.array([math.exp(float(v)) for v in x])
    return values.astype(np.float16).astype(np.float32)


PAIRS.add(
    "exponential from a table of half precision",
    "cancellation",
    lambda x: np.sum(np.exp(x)),
    wrong=table_of_exp,
    right=lambda x: np.asarray([math.exp(float(v)) for v in x], dtype=np.float32),
    inputs=(X,),
    options=SINGLE,
    special="dtype",
)
