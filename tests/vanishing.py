"""Terms that are not zero, but are zero wherever one is likely to look: at integers, at ties, at small sizes.

Each is a function of an array (or two); none is zero on an open set together with all the places where it could
be seen, so a function and the same function plus such a term are never equal.
"""

# ruff: noqa: E501  (tables)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

Function = Callable[..., Any]
pi, exp, log, sqrt = np.pi, np.exp, np.log, np.sqrt


def roots(x: Any, *places: float) -> Any:
    """The polynomial that is zero at these places."""
    result = x - places[0]
    for place in places[1:]:
        result = result * (x - place)
    return result


def positive(x: Any) -> Any:
    return np.maximum(x, 0)


def positions(x: Any) -> Any:
    return np.arange(x.shape[0])


def of_size(x: Any, *sizes: int) -> Any:
    """A number that is zero at these sizes."""
    result = x.shape[0] - sizes[0]
    for size in sizes[1:]:
        result = result * (x.shape[0] - size)
    return result


def commutator(a: Any, b: Any) -> Any:
    return a @ b - b @ a


# Analytic, and zero at integers, at dyadic rationals, at the usual probes, below a tolerance, or in a wide region.
SMOOTH: dict[str, Function] = {
    "sin pi x": lambda x: np.sin(pi * x),
    "sin 64 pi x": lambda x: np.sin(64 * pi * x),
    "sin 2^20 pi x": lambda x: np.sin(2.0**20 * pi * x),
    "sin 5040000 pi x": lambda x: np.sin(5040000 * pi * x),
    "usual probes": lambda x: roots(x, 0, 1, -1, 0.5),
    "many probes": lambda x: roots(x, 0, 1, -1, 0.5, 2, -2, -0.5, 0.25, 3, -3, 4, 8),
    "quarters": lambda x: np.cos(2 * pi * x) ** 2 + np.sin(4 * pi * x) - 1,
    "palindromes": lambda x: x - x[::-1],
    "equal entries": lambda x: x - x.mean(),
    "equal squares": lambda x: x**2 - (x**2).mean(),
    "sum to zero": lambda x: 0 * x + x.sum(),
    "sum to one": lambda x: x * (1 - x.sum()),
    "tiny": lambda x: 1e-12 * x,
    "tinier": lambda x: 1e-30 * np.sin(x),
    "tiniest": lambda x: 1e-300 * x * x,
    "a bump": lambda x: exp(-1e6 * (x - 1 / 3) ** 2),
    "a low bump": lambda x: exp(-1e9 * (x - 1 / 3) ** 2 - 1e9),
    "Taylor": lambda x: np.sin(x) - sum((-1) ** k * x ** (2 * k + 1) / float(special.factorial(2 * k + 1)) for k in range(12)),
    "GELU by tanh": lambda x: special.erf(x) - np.tanh(sqrt(4 / pi) * (x + 0.0895 * x**3)),
    "355/113": lambda x: (355 / 113 - pi) * x,
    "ten digits of pi": lambda x: (3.1415926535 - pi) * x,
    "twelve digits of 1/3": lambda x: (0.333333333333 - 1 / 3) * x,
    "ten digits of sqrt 2": lambda x: (1.4142135623 - sqrt(2)) * x,
    "large constants": lambda x: (1e20 * x - 1e20 * np.sin(x)) * 1e-40,
    "a prime": lambda x: (2.0**61 - 1) * x * 1e-18,
    "saturated": lambda x: 1 - np.tanh(20 + x**2),
    "a saturated error function": lambda x: 1e-9 * (1 - special.erf(1 + x**2)),
    "sum of squares": lambda x: log(1 + x**2 + 1e-20 * x**4) - log(1 + x**2),
    "a far pole": lambda x: 1 / (1e20 + x**2),
    "a root": lambda x: sqrt(1 + x**2) - sqrt(1 + x**2 + 1e-15),
    "softmax of equals": lambda x: exp(x) / exp(x).sum() - exp(2 * x) / exp(2 * x).sum(),
    "power sums": lambda x: x * (x.sum() ** 3 - 3 * x.sum() * (x**2).sum() + 2 * (x**3).sum() - 1e-5),
    "a Wronskian": lambda x: np.sin(x) * exp(x) - np.cos(x) * exp(x) + exp(x) * (np.cos(x) - np.sin(x + 1e-9)),
    "Chebyshev": lambda x: 1e-3 * np.cos(8 * np.arccos(np.tanh(x))),
}  # fmt: skip

# Zero on a half line or on one side of something: by another branch.
ONE_SIDED: dict[str, Function] = {
    "positives": lambda x: positive(x) - x,
    "negatives": lambda x: positive(x),
    "far out": lambda x: positive(x - 1e6),
    "farther out": lambda x: positive(-x - 1e30),
    "a far step": lambda x: np.where(x > 1e12, 1.0, 0.0),
    "a narrow window": lambda x: np.where(np.abs(x - 0.1234567) < 1e-9, 1.0, 0.0),
    "where exp is large": lambda x: np.where(exp(x) > 1e300, 1.0, 0.0),
    "root of a square": lambda x: sqrt(x**2) - x,
    "power of a power": lambda x: (x**2) ** 1.5 - x**3,
    "fourth root": lambda x: (x**4) ** 0.25 - x,
    "log of a square": lambda x: log(1 + x**2 + 2 * x + 1e-300) - 2 * log(np.abs(1 + x)) + positive(x - 3),
    "arctan tan": lambda x: np.arctan(np.tan(x)) - x,
    "arcsin sin": lambda x: np.arcsin(np.sin(x)) - x,
    "arccos cos": lambda x: np.arccos(np.cos(x)) - x,
    "two arctans": lambda x: np.arctan(x) + np.arctan(1 / x) - pi / 2,
    "arccosh cosh": lambda x: np.arccosh(np.cosh(x)) - x,
    "double angle": lambda x: 2 * np.arctan(x) - np.arcsin(2 * x / (1 + x * x)),
    "arctan2": lambda x: np.arctan2(x, x[::-1]) - np.arctan(x / x[::-1]),
    "addition of arctans": lambda x: np.arctan(x) + np.arctan(x[::-1]) - np.arctan((x + x[::-1]) / (1 - x * x[::-1])),
    "modulus": lambda x: np.abs(x) - x,
    "clip": lambda x: np.clip(x, -50, 50) - x,
    "triangle": lambda x: np.abs(x + x[::-1]) - np.abs(x) - np.abs(x[::-1]),
    "hypotenuse": lambda x: np.hypot(x, x[::-1]) - np.abs(x) - np.abs(x[::-1]),
    "flat": lambda x: np.where(x > 0, exp(-1 / np.where(x > 0, x, 1) ** 2), 0),
    "the maximum": lambda x: x - x.max(),
    "one exponent": lambda x: np.abs(x) ** 1.4142135623 - np.abs(x) ** sqrt(2),
    "floor": lambda x: np.floor(x),
    "modulo": lambda x: np.mod(x, 1),
    "log of moduli": lambda x: log(1 + np.abs(x)) - log(1 + x),
}  # fmt: skip

# Not zero on a thin set only.
THIN: dict[str, Function] = {
    "at 17": lambda x: np.where(x == 17, 1.0, 0.0),
    "at a decimal": lambda x: np.where(x == 0.37, 5.0, 0.0),
    "at a root": lambda x: np.where(x * x == 2, 1.0, 0.0),
    "at zeros of sine": lambda x: np.where(np.sin(x) == 0, 1.0, 0.0),
    "at neighbours": lambda x: np.where(x == x[::-1] + 1, 1.0, 0.0),
    "at a sum": lambda x: 0 * x + np.where(x.sum() == 1, 1.0, 0.0),
    "at a sphere": lambda x: 0 * x + np.where((x * x).sum() == 2, 1.0, 0.0),
    "between two strict": lambda x: np.where(x > 0.37, 0.0, np.where(x < 0.37, 0.0, 7.0)),
    "both at once": lambda x: np.where((x >= 0.37) & (x <= 0.37), 7.0, 0.0),
    "a sign squared": lambda x: np.sign(x - 0.37) ** 2 - 1,
    "no square": lambda x: np.where((x - 0.37) ** 2 > 0, 0.0, 7.0),
    "a closed half line": lambda x: np.where(x > 0, 1.0, 0) - np.where(x >= 0, 1.0, 0),
    "a tie": lambda x: np.where(x >= x.max(), 1.0, 0.0) - np.where(x == x[:1], 1.0, 0.0),
}

# Zero at small, or at some, sizes. The last axis of length 12 or more tells.
SIZED: dict[str, Function] = {
    "n = 1": lambda x: of_size(x, 1) * x,
    "n = 1, 2": lambda x: of_size(x, 1, 2) * x,
    "n up to 10": lambda x: of_size(x, *range(1, 11)) * x,
    "n up to 40": lambda x: 1e-20 * of_size(x, *range(1, 41)) * x,
    "odd n": lambda x: x * (x.shape[0] % 2),
    "powers of two": lambda x: (2 ** x.shape[0] - x.shape[0] - 1) * x,
    "square of the size": lambda x: (x.shape[0] ** 2 - 3 * x.shape[0] + 2) * x,
    "sum for mean": lambda x: x * x.shape[0] - x.sum(),
    "first entry": lambda x: x - x[0],
    "from the fourth": lambda x: x * x[3:].sum(),
    "from the eighth": lambda x: x * x[7:].sum(),
    "from the fifty-first": lambda x: x * x[50:].sum(),
    "the first fifty": lambda x: x[:50].sum() - x.sum() + 0 * x,
    "every third": lambda x: x[::3].sum() - x[0] + 0 * x,
    "cumulated": lambda x: np.cumsum(x) - x,
    "cumulated twice": lambda x: np.cumsum(x) - np.cumsum(x[::-1])[::-1],
    "by position": lambda x: positions(x) * x,
    "late positions": lambda x: roots(positions(x), *range(12)) * x,
    "after the tenth": lambda x: np.where(positions(x) > 9, x, 0),
    "the thirteenth": lambda x: np.where(positions(x) == 12, x, 0),
    "from the thirteenth": lambda x: np.where(positions(x) > 12, x, 0) - np.where(positions(x) >= 12, x, 0),
    "thirteen before": lambda x: np.where(np.tri(x.shape[0]).sum(1) == 13, x, 0),
    "counted": lambda x: np.where(np.cumsum(np.ones_like(x)) == 13, x, 0),
    "a far diagonal": lambda x: np.triu(np.outer(x, x), 9).sum(1),
    "a shifted identity": lambda x: np.eye(x.shape[0], k=9) @ x,
    "rolled": lambda x: np.roll(x, 1) - x,
    "rolled by 5040": lambda x: np.roll(x, 5040) - x,
    "maximum of the first": lambda x: x.max() - x[:1].max() + 0 * x,
    "n - 1 for n": lambda x: x * (x.shape[0] - 1) / x.shape[0] - x,
    "max for log-sum-exp": lambda x: x.max() - log(exp(x).sum()) + 0 * x,
    "p1^3 - 3 p1 p2 + 2 p3": lambda x: x.sum() ** 3 - 3 * x.sum() * (x**2).sum() + 2 * (x**3).sum() + 0 * x,
    "softmax is one": lambda x: exp(x) / exp(x).sum() - 1,
    "power sums of softmax": lambda x: 0 * x + 1 - 3 * (special.softmax(x) ** 2).sum() + 2 * (special.softmax(x) ** 3).sum(),
    "exp of a sum": lambda x: exp(x.sum()) - exp(x).mean() + 0 * x,
    "a pole at 7": lambda x: x / (x.shape[0] - 7.5) - x / (x.shape[0] - 7.500001),
}  # fmt: skip

# Zero for symmetric, commuting or small square matrices.
SQUARE: dict[str, Function] = {
    "symmetric": lambda a, b: a - a.T,
    "normal": lambda a, b: a @ a.T - a.T @ a,
    "commuting": lambda a, b: commutator(a, b),
    "Cayley-Hamilton": lambda a, b: a @ a - np.trace(a) * a + (np.trace(a) ** 2 - np.trace(a @ a)) / 2 * np.eye(a.shape[0]),
    "Hall": lambda a, b: commutator(commutator(a, b) @ commutator(a, b), a),
    "traces of products": lambda a, b: (np.trace(a @ b @ a.T) - np.trace(a @ a.T @ b)) * a,
    "product of traces": lambda a, b: (np.trace(a @ b) - np.trace(a) * np.trace(b)) * a,
    "trace for sum": lambda a, b: (np.trace(a) - a.sum()) * a,
    "diagonal": lambda a, b: np.diag(np.diagonal(a)) - a,
    "off the diagonal": lambda a, b: a * (1 - np.eye(a.shape[0])),
    "third diagonal": lambda a, b: np.triu(a, 3),
    "ninth diagonal": lambda a, b: np.triu(a, 9),
    "rows for columns": lambda a, b: a.sum(0) - a.sum(1) + 0 * a,
    "maxima of rows": lambda a, b: a.max(0) - a.max(1) + 0 * a,
    "determinant of three": lambda a, b: (np.trace(a) ** 3 - 3 * np.trace(a) * np.trace(a @ a) + 2 * np.trace(a @ a @ a)) * a,
    "determinant of four": lambda a, b: (np.trace(a) ** 4 - 6 * np.trace(a) ** 2 * np.trace(a @ a) + 3 * np.trace(a @ a) ** 2
        + 8 * np.trace(a) * np.trace(a @ a @ a) - 6 * np.trace(a @ a @ a @ a)) * a,
    "order in a trace": lambda a, b: (np.trace(a @ b @ a @ b) - np.trace(a @ a @ b @ b)) * a,
    "softmax of columns": lambda a, b: exp(a) / exp(a).sum(0) - exp(a) / exp(a).sum(1, keepdims=True),
    "first row": lambda a, b: a - a[0],
    "half a turn": lambda a, b: a - a[::-1, ::-1],
    "transposed operand": lambda a, b: a @ b - a @ b.T,
    "symmetric second": lambda a, b: np.sin(a) * (b - b.T),
}  # fmt: skip

# Zero in a smaller set than the domain that is asked for.
Domain = Any
OUTSIDE: dict[str, tuple[Function, Domain]] = {
    "one-hot for simplex": (lambda x, y: x * y * (1 - y), "simplex"),
    "squares for simplex": (lambda x, y: x * (1 - (y**2).sum()), "simplex"),
    "sum two": (lambda x, y: x * (2 - y.sum()) * (1 - y), "simplex"),
    "entropy": (lambda x, y: (y * log(y)).sum() * x, "simplex"),
    "boolean for integer": (lambda x, y: x * y * (1 - y), "integer"),
    "small integers": (lambda x, y: 1e-6 * x * roots(y, 0, 1, -1, 2, -2, 3), "integer"),
    "half turns": (lambda x, y: x * np.sin(pi * y / 2), "integer"),
    "integer 77": (lambda x, y: np.where(y == 77, x, 0), "integer"),
    "zero only": (lambda x, y: x * y, "boolean"),
    "positive": (lambda x, y: x * (np.abs(y) - y), (-1, None)),
    "nearly positive": (lambda x, y: x * (np.abs(y) - y), (-1e-9, None)),
    "above one": (lambda x, y: x * (np.maximum(y, 1) - y), (0, None)),
    "inside": (lambda x, y: x * (np.clip(y, -1, 1) - y), (-2, 2)),
    "arccos": (lambda x, y: x * (np.arccos(np.cos(y)) - y), (0, 4)),
    "an end": (lambda x, y: x * positive(y - 0.999999), (0, 1)),
}

# Equal where the right side is defined, which is not everywhere.
NARROWER: dict[str, tuple[Function, Function]] = {
    "exp log": (lambda x: x, lambda x: exp(log(x))),
    "square of a root": (lambda x: x, lambda x: sqrt(x) ** 2),
    "log of a product": (lambda x: log(x * x[::-1]), lambda x: log(x) + log(x[::-1])),
    "root of a product": (lambda x: sqrt(x * x[::-1]), lambda x: sqrt(x) * sqrt(x[::-1])),
    "cube of a power": (lambda x: x, lambda x: (x ** (1 / 3)) ** 3),
    "tanh arctanh": (lambda x: x, lambda x: np.tanh(np.arctanh(x))),
    "sin arcsin": (lambda x: x, lambda x: np.sin(np.arcsin(x))),
    "relu over relu": (np.ones_like, lambda x: positive(x) / positive(x)),
    "a sum that may vanish": (lambda x: x, lambda x: x * positive(x).sum() / positive(x).sum()),
    "a root of minus": (lambda x: x, lambda x: x - sqrt(-x) ** 2 - x),
    "far away": (lambda x: x, lambda x: x * log(x + 1e6) / log(x + 1e6)),
    "inside a hole": (lambda x: x, lambda x: x * sqrt((x - 3) ** 2 - 1e-12) / sqrt((x - 3) ** 2 - 1e-12)),
}
