"""Claims at kinks: right ones with every usual convention, wrong ones that are wrong only there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from kink_functions import (
    TIED,
    ZERO,
    X,
    above_a_tenth,
    absolute,
    at_bounds,
    clipped,
    cube,
    distance,
    distance_slope,
    elu,
    filled,
    guarded,
    hinge,
    hinge_slope,
    huber,
    larger,
    layer,
    layer_slope,
    leaky,
    log_sum_exp,
    median,
    norm,
    pooled,
    pooled_back,
    quotient,
    quotient_slope,
    rectified,
    relative,
    relative_slope,
    shares,
    signed_square,
    softplus,
    step,
    through_the_shift,
    two_sided,
    variation,
    variation_slope,
)

Case = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]
HESSIAN = {"of": "hessian"}
BOTH = {"wrt": ("x", "y")}
RIGHT: dict[str, Case] = {
    **{f"relu' {c}": (rectified, step(c), (x,), {}) for c in (0, 0.5, 1) for x in (X,)},
    **{f"relu' {c} at zero": (rectified, step(c), (ZERO,), {}) for c in (0, 0.5, 1)},
    **{f"|x|' {c}": (absolute, step(c, -1.0), (ZERO,), {}) for c in (-1, -0.3, 0, 1)},
    **{f"clip {c}": (clipped, at_bounds(c), (X,), {}) for c in (0, 0.5, 1)},
    **{f"hinge {c}": (hinge, hinge_slope(c), (X, X + 1, 1.0), {}) for c in (0, 0.3, 1)},
    **{f"leaky {c}": (leaky, step(c, 0.1), (X,), {}) for c in (0.1, 0.5, 1)},
    **{f"elu {c}": (elu, lambda x, c=c: np.where(x > 0, 1, np.where(x < 0, 2 * np.exp(x), c)), (X,), {})
       for c in (1, 1.5, 2)},
    **{f"variation {c}": (variation, variation_slope(c), (x,), {})
       for c, x in ((0, ZERO), (0.5, ZERO), (1, np.array([1.0, 1.0, 2.0])))},
    **{f"x|x|'' {c}": (signed_square, lambda x, c=c: np.diag(step(c, -2.0, 2.0)(x)), (ZERO,), HESSIAN)
       for c in (-2, 0, 1, 2)},
    **{f"a layer without bias {c}": (layer, layer_slope(c), (x,), {})
       for c in (0, 0.5, 1) for x in (np.array([0.5, -1.0]),)},
    **{f"a layer without bias {c} at zero": (layer, layer_slope(c), (np.zeros(2),), {}) for c in (0, 0.5, 1)},
    "each entry its own": (rectified, lambda x: np.where(x == 0, np.array([0, 0.25, 1]), step(0)(x)), (ZERO,), {}),
    "max, shared": (np.max, shares, (TIED,), {}),
    "max, unevenly": (
        np.max, lambda x: (x == np.max(x)) * np.array([2.0, 1, 1]) / np.sum((x == np.max(x)) * np.array([2.0, 1, 1])),
        (TIED,), {},
    ),
    "range": (lambda x: np.max(x) - np.min(x), lambda x: shares(x) + -shares(-x), (X,), {}),
    "largest entry in size": (
        lambda x: np.max(np.abs(x)), lambda x: np.sign(x) * shares(np.abs(x)), (ZERO,), {},
    ),
    "max, along a direction": (np.max, lambda x, v: np.sum(v * shares(x)), (np.ones(3),), {"of": "jvp"}),
    "pooling": (pooled, pooled_back(True), (np.zeros(4),), {"of": "vjp"}),
    "the larger of two, halves": (
        larger, lambda x, y: ((x > y) + 0.5 * (x == y), (y > x) + 0.5 * (x == y)), (X, X[::-1].copy()), BOTH,
    ),
    "the larger of two, the first": (larger, lambda x, y: ((x >= y) * 1.0, (y > x) * 1.0), (X, X.copy()), BOTH),
    "the larger of two, none wins": (larger, lambda x, y: ((x > y) * 1.0, (y > x) * 1.0), (X, X.copy()), BOTH),
    "Huber": (huber, lambda x: np.clip(x, -1, 1), (X,), {}),
    "Huber by cases": (huber, lambda x: np.where(np.abs(x) < 1, x, np.sign(x)), (X,), {}),
    "Huber twice": (
        huber, lambda x: np.diag(np.where(np.abs(x) < 1, 1, np.where(np.abs(x) == 1, 0.3, 0))),
        (np.array([1.0, -1.0, 0.0]),), HESSIAN,
    ),
    "softplus": (softplus, lambda x: 1 / (1 + np.exp(-x)), (ZERO,), {}),
    "log-sum-exp": (log_sum_exp, lambda x: np.exp(x - log_sum_exp(x)), (ZERO,), {}),
    "log-sum-exp, through the shift": (log_sum_exp, through_the_shift, (ZERO,), {}),
    "median of three": (median, lambda x: (x == median(x)) / np.sum(x == median(x)), (TIED,), {}),
    "|x|^3": (cube, lambda x: 3 * x * np.abs(x), (ZERO,), {}),
    "|x|^3 twice": (cube, lambda x: np.diag(6 * np.abs(x)), (ZERO,), HESSIAN),
    "x|x|": (signed_square, lambda x: 2 * np.abs(x), (ZERO,), {}),
    "x sign(x)": (lambda x: np.sum(x * np.sign(x)), np.sign, (ZERO,), {}),
    "relu of both signs": (two_sided, np.ones_like, (ZERO,), {}),
    "|x| twice": (absolute, lambda x: np.zeros((3, 3)), (ZERO,), HESSIAN),
    "squared relu, by a direction": (
        lambda x: np.sum(np.maximum(x, 0) ** 2), lambda x, v: 2 * (x > 0) * v, (ZERO,), {"of": "hvp"},
    ),
    "relu, every entry": (
        lambda x: np.maximum(x, 0), lambda x: np.diag(step(0.5)(x)), (ZERO,), {"of": "jacobian"},
    ),
    "norm": (norm, lambda x: x / norm(x), (X,), {}),
    "norm, without a value": (norm, lambda x: x / norm(x), (ZERO,), {}),
    "norm, guarded": (norm, guarded(0), (ZERO,), {}),
    "norm, inside the ball": (norm, guarded(np.array([0.5, -0.5, 0.5])), (X,), {}),
    "norm, on the sphere": (norm, guarded(np.array([0.6, 0.0, -0.8])), (X,), {}),
    "norm by linalg": (np.linalg.norm, guarded(0), (X,), {}),
    "norms of rows": (
        lambda x: np.sum(np.sqrt(np.sum(x**2, axis=1))),
        lambda x: x / np.where(np.sum(x**2, axis=1, keepdims=True) == 0, 1,
                               np.sqrt(np.sum(x**2, axis=1, keepdims=True))),
        (np.array([[1.0, 2.0], [0.0, 0.0]]),), {},
    ),
    "norm of the positive part": (
        lambda x: norm(np.maximum(x, 0)),
        lambda x: np.where(norm(np.maximum(x, 0)) == 0, 0, np.maximum(x, 0) / norm(np.maximum(x, 0))), (X,), {},
    ),
    "distance": (distance, distance_slope(0), (X, X.copy()), {}),
    "sinc": (lambda x: np.sum(np.sinc(x)), lambda x: quotient_slope(0)(np.pi * x) * np.pi, (ZERO,), {}),
    "sin(x)/x": (quotient, lambda x: np.cos(x) / x - np.sin(x) / x**2, (0.5,), {}),
    "sin(x)/x, filled": (quotient, quotient_slope(0), (0.0,), {}),
    "expm1(x)/x": (relative, relative_slope(0.5), (0.0,), {}),
    "expm1(x)/x, filled": (filled, relative_slope(0.5), (0.0,), {}),
    "x log x": (lambda x: np.sum(x * np.log(x)), lambda x: np.log(x) + 1, (np.abs(X),), {}),
    "x log x, guarded": (
        lambda x: np.sum(x * np.log(x)), lambda x: np.where(x == 0, 0, np.log(np.where(x == 0, 1, x)) + 1),
        (np.abs(X),), {},
    ),
    "sqrt, guarded": (
        lambda x: np.sum(np.sqrt(x)), lambda x: np.where(x > 0, 0.5 / np.sqrt(x), 0), (np.abs(X),), {},
    ),
    "x^1.5": (lambda x: np.sum(x**1.5), lambda x: 1.5 * np.sqrt(x), (np.array([0.0, 1.0]),), {}),
    "absolute values below the diagonal": (
        lambda w: np.sum(np.abs(np.tril(w))), lambda w: np.sign(np.tril(w)), (np.array([[1.0, 2], [-3, 4]]),), {},
    ),
    "sign": (lambda x: np.sum(np.sign(x)), lambda x: 0 * x, (ZERO,), {}),
    "Heaviside": (lambda x: np.sum(np.heaviside(x, 0.5)), lambda x: 0 * x, (ZERO,), {}),
    "a jump": (lambda x: np.sum(np.where(x > 0, 3.0, x)), lambda x: np.where(x > 0, 0, 1.0), (ZERO,), {}),
    **{f"relu from a tenth {c}": (above_a_tenth, lambda x, c=c: np.where(x == 0.1, c, x > 0.1), (X,), {})
       for c in (0, 0.5, 1)},
    "relu from a tenth, at it": (above_a_tenth, lambda x: (x > 0.1) * 1.0, (np.array([0.1, 1.0]),), {}),
    "relu from a tenth, written otherwise": (above_a_tenth, lambda x: (10 * x > 1) * 1.0, (np.array([0.1, 1.0]),), {}),
    "relu from 0.3, by a rounded literal": (
        lambda x: np.sum(np.maximum(x - 0.3, 0)), lambda x: (x >= 0.1 + 0.2) * 1.0, (np.array([0.3, 0.1 + 0.2]),), {},
    ),
    "clip at decimals": (lambda x: np.sum(np.clip(x, 0.1, 0.9)), lambda x: ((x >= 0.1) & (x < 0.9)) * 1.0, (X,), {}),
    "a branch at a decimal, filled": (
        lambda x: np.sum(x**2), lambda x: np.where(x == 0.37, 0.74, 2 * x), (X,), {},
    ),
    "soft threshold": (
        lambda x: np.sum(np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)), lambda x: (np.abs(x) > 0.5) * 1.0, (X,), {},
    ),
}  # fmt: skip
WRONG: dict[str, Case] = {
    "the larger of two, both win": (larger, lambda x, y: ((x >= y) * 1.0, (y >= x) * 1.0), (X, X.copy()), BOTH),
    **{f"relu from a tenth {c}": (above_a_tenth, lambda x, c=c: np.where(x == 0.1, c, x > 0.1), (x,), {})
       for c, x in ((5, X), (-0.5, X), (5, np.array([0.1, 1.0])))},
    "relu of 3x - 1": (
        lambda x: np.sum(np.maximum(3 * x - 1, 0)), lambda x: np.where(3 * x == 1, -1, 3 * (3 * x > 1)), (X,), {},
    ),
    "clip at decimals": (
        lambda x: np.sum(np.clip(x, 0.1, 0.9)), lambda x: ((x > 0.1) & (x < 0.9)) + 2.0 * (x == 0.9), (X,), {},
    ),
    "a branch at a decimal": (lambda x: np.sum(x**2), lambda x: np.where(x == 0.37, 5, 2 * x), (X,), {}),
    "the end of a domain, a decimal": (
        lambda p: np.sum((1 - p) ** 2), lambda p: np.where(p == 0.1, 1, -2 * (1 - p)), (np.array([0.3, 0.5]),),
        {"domain": {"p": (0.1, 1)}},
    ),
    **{f"relu' {c}": (rectified, step(c), (X,), {}) for c in (-0.25, 1.25, 5)},
    **{f"|x|' {c}": (absolute, step(c, -1.0), (ZERO,), {}) for c in (-1.01, 2)},
    **{f"clip {c}": (clipped, at_bounds(c), (X,), {}) for c in (-1, 5)},
    **{f"hinge {c}": (hinge, hinge_slope(c), (X, X + 1, 1.0), {}) for c in (-1, 3)},
    **{f"leaky {c}": (leaky, step(c, 0.1), (x,), {}) for c, x in ((0, X), (1.2, ZERO))},
    **{f"variation {c}": (variation, variation_slope(c), (X,), {}) for c in (2, -1.5)},
    **{f"norm {g}": (norm, guarded(g), (x,), {}) for g, x in ((1, X), (0.9, ZERO), (5, X))},
    "elu, nothing at zero": (elu, lambda x: np.where(x > 0, 1, np.where(x < 0, 2 * np.exp(x), 0)), (X,), {}),
    "max, each in full": (np.max, lambda x: (x == np.max(x)) * 1.0, (X,), {}),
    "max, each of many": (np.max, lambda x: (x == np.max(x)) * 1.0, (np.zeros(20),), {}),
    "max, none of the tied": (np.max, lambda x: shares(x) * (np.sum(x == np.max(x)) == 1), (X,), {}),
    "max, each along a direction": (np.max, lambda x, v: np.sum(v * (x == np.max(x))), (X,), {"of": "jvp"}),
    "pooling, each in full": (pooled, pooled_back(False), (np.array([1.0, 2, 3, 4]),), {"of": "vjp"}),
    "range, each in full": (
        lambda x: np.max(x) - np.min(x), lambda x: (x == np.max(x)) * 1.0 - shares(-x), (X,), {},
    ),
    "largest in size, each in full": (
        lambda x: np.max(np.abs(x)), lambda x: np.sign(x) * (np.abs(x) == np.max(np.abs(x))), (X,), {},
    ),
    "median, each of the tied": (median, lambda x: (x == median(x)) * 1.0, (X,), {}),
    "a sum that no subgradient has": (
        variation, lambda x: np.where((x[0] == x[1]) & (x[1] == x[2]), np.array([1.0, 0, 1]), variation_slope(0)(x)),
        (X,), {},
    ),
    "Huber at its bound": (
        huber, lambda x: np.where(np.abs(x) < 1, x, np.where(np.abs(x) == 1, 2 * x, np.sign(x))), (X,), {},
    ),
    "Huber twice": (
        huber, lambda x: np.diag(np.where(np.abs(x) < 1, 1, np.where(np.abs(x) == 1, 3, 0))), (X,), HESSIAN,
    ),
    "softplus by its branches": (
        softplus, lambda x: (x > 0) - np.sign(x) * np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))), (X,), {},
    ),
    "relu of both signs": (two_sided, lambda x: (x > 0) * 1.0 + (x < 0), (X,), {}),
    "|x|^3": (cube, lambda x: np.where(x == 0, 0.1, 3 * x * np.abs(x)), (X,), {}),
    "x|x|''": (signed_square, lambda x: np.diag(step(5, -2.0, 2.0)(x)), (X,), HESSIAN),
    "relu by a cotangent": (lambda x: np.maximum(x, 0), lambda x, g: step(2)(x) * g, (X,), {"of": "vjp"}),
    "relu by a direction": (lambda x: np.maximum(x, 0), lambda x, v: step(2)(x) * v, (X,), {"of": "jvp"}),
    "relu, every entry": (
        lambda x: np.maximum(x, 0), lambda x: np.diag(step(2)(x)), (X,), {"of": "jacobian"},
    ),
    "squared relu, by a direction": (
        lambda x: np.sum(np.maximum(x, 0) ** 2), lambda x, v: 2 * step(1.5)(x) * v, (X,), {"of": "hvp"},
    ),
    "a layer": (layer, layer_slope(2), (np.array([0.5, -1.0]),), {}),
    "distance": (distance, distance_slope(1), (X, X[::-1].copy()), {}),
    "sinc": (lambda x: np.sum(np.sinc(x)), lambda x: quotient_slope(1)(np.pi * x) * np.pi, (X,), {}),
    "sin(x)/x": (quotient, quotient_slope(1), (0.5,), {}),
    "sin(x)/x at zero": (quotient, quotient_slope(0.001), (0.0,), {}),
    "expm1(x)/x": (relative, relative_slope(1), (0.5,), {}),
    "expm1(x)/x, filled": (filled, relative_slope(0), (0.5,), {}),
    "x^1.5": (lambda x: np.sum(x**1.5), lambda x: np.where(x == 0, 5, 1.5 * np.sqrt(x)), (np.abs(X),), {}),
    "squared hinge": (
        lambda x: np.sum(np.maximum(1 - x, 0) ** 2), lambda x: np.where(x == 1, 1, -2 * np.maximum(1 - x, 0)), (X,), {},
    ),
}  # fmt: skip
