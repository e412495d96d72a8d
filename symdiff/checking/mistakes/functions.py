"""Which named functions are confused with one another? Formulas of SymPy, and families that share a name."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

Scalar = Callable[[sp.Expr], sp.Expr]


def sigmoid(a: sp.Expr) -> sp.Expr:
    """``1 / (1 + exp(-a))``."""
    return 1 / (1 + sp.exp(-a))


def gelu(a: sp.Expr) -> sp.Expr:
    """``a * Phi(a)`` (Hendrycks and Gimpel, 2016)."""
    return a * (1 + sp.erf(a / sp.sqrt(2))) / 2


def gelu_tanh(a: sp.Expr) -> sp.Expr:
    """The tanh approximation of GELU (Hendrycks and Gimpel, 2016)."""
    return a * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (a + sp.Rational(44715, 1000000) * a**3))) / 2


FUNCTIONS: dict[str, Scalar] = {
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "exp": sp.exp,
    "log": sp.log,
    "sqrt": sp.sqrt,
    "tanh": sp.tanh,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "arctan": sp.atan,
    "sigmoid": sigmoid,
    "softplus": lambda a: sp.log(1 + sp.exp(a)),
    "square": lambda a: a**2,
    "half the square": lambda a: a**2 / 2,
    "cube": lambda a: a**3,
    "reciprocal": lambda a: 1 / a,
    "erf": sp.erf,
    "identity": lambda a: a,
    "relu": lambda a: sp.Piecewise((a, a > 0), (0, True)),
    "abs": lambda a: sp.Piecewise((a, a > 0), (-a, a < 0), (0, True)),
    "elu": lambda a: sp.Piecewise((a, a > 0), (sp.exp(a) - 1, True)),
    "silu": lambda a: a * sigmoid(a),
    "log1p": lambda a: sp.log(1 + a),
    "expm1": lambda a: sp.exp(a) - 1,
    "arcsin": sp.asin,
}

SCALES: dict[str, Scalar] = {
    "the logarithm": sp.log,
    "the exponential": sp.exp,
    "the square": lambda a: a**2,
    "half the square": lambda a: a**2 / 2,
    "the root": sp.sqrt,
    "the reciprocal": lambda a: 1 / a,
}

FAMILIES: dict[str, dict[str, Scalar]] = {
    "GELU": {
        "the form with erf": gelu,
        "the form with tanh": gelu_tanh,
        "the form with sigmoid(1.702 x)": lambda a: a * sigmoid(sp.Rational(1702, 1000) * a),
    },
    "logarithm": {
        "base e": sp.log,
        "base 2": lambda a: sp.log(a) / sp.log(2),
        "base 10": lambda a: sp.log(a) / sp.log(10),
    },
    "sinc": {
        "sin(x)/x": lambda a: sp.Piecewise((1, sp.Eq(a, 0)), (sp.sin(a) / a, True)),
        "sin(pi x)/(pi x)": lambda a: sp.Piecewise((1, sp.Eq(a, 0)), (sp.sin(sp.pi * a) / (sp.pi * a), True)),
    },
    "sine": {"of radians": sp.sin, "of degrees": lambda a: sp.sin(sp.pi * a / 180)},
    "cosine": {"of radians": sp.cos, "of degrees": lambda a: sp.cos(sp.pi * a / 180)},
    "hard sigmoid": {
        "clip(x/6 + 1/2)": lambda a: _clipped(a / 6 + sp.Rational(1, 2)),
        "clip(x/5 + 1/2)": lambda a: _clipped(a / 5 + sp.Rational(1, 2)),
        "clip((x + 1)/2)": lambda a: _clipped((a + 1) / 2),
    },
    "swish": {
        "x sigmoid(x)": lambda a: a * sigmoid(a),
        "x clip(x/6 + 1/2)": lambda a: a * _clipped(a / 6 + sp.Rational(1, 2)),
    },
    "softplus": {
        "log(1 + exp(x))": lambda a: sp.log(1 + sp.exp(a)),
        "beta = 2": lambda a: sp.log(1 + sp.exp(2 * a)) / 2,
    },
    "Huber loss": {
        "Huber's form": lambda a: sp.Piecewise(
            (a**2 / 2, (a < 1) & (a > -1)), (a - sp.Rational(1, 2), a > 0), (-a - sp.Rational(1, 2), True)
        ),
        "the smooth form": lambda a: sp.sqrt(1 + a**2) - 1,
    },
    "leaky ReLU": {
        "slope 0.01": lambda a: sp.Piecewise((a, a > 0), (a / 100, True)),
        "slope 0.1": lambda a: sp.Piecewise((a, a > 0), (a / 10, True)),
        "slope 0.2": lambda a: sp.Piecewise((a, a > 0), (a / 5, True)),
        "slope 0.3": lambda a: sp.Piecewise((a, a > 0), (3 * a / 10, True)),
    },
}


def _clipped(a: sp.Expr) -> sp.Expr:
    return sp.Piecewise((0, a < 0), (1, a > 1), (a, True))
