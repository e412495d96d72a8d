"""What do NumPy's and SciPy's elementwise functions compute? One SymPy formula each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import scipy.special as special
import sympy as sp
from sympy import Piecewise, cos, exp, log, pi, sin, sqrt, tan

from symdiff.ir.formulas import ARGUMENTS, Formula, from_function

HALF = sp.Rational(1, 2)

UNARY: dict[Any, Callable[[Any], Any]] = {
    np.exp: exp,
    np.exp2: lambda a: 2**a,
    np.expm1: lambda a: exp(a) - 1,
    np.log: log,
    np.log2: lambda a: log(a) / log(2),
    np.log10: lambda a: log(a) / log(10),
    np.log1p: lambda a: log(1 + a),
    np.sqrt: sqrt,
    np.cbrt: lambda a: Piecewise((-((-a) ** sp.Rational(1, 3)), a < 0), (a ** sp.Rational(1, 3), True)),
    np.square: lambda a: a**2,
    np.reciprocal: lambda a: 1 / a,
    np.sin: sin,
    np.cos: cos,
    np.tan: tan,
    np.arcsin: sp.asin,
    np.arccos: sp.acos,
    np.arctan: sp.atan,
    np.sinh: sp.sinh,
    np.cosh: sp.cosh,
    np.tanh: sp.tanh,
    np.arcsinh: sp.asinh,
    np.arccosh: sp.acosh,
    np.arctanh: sp.atanh,
    np.deg2rad: lambda a: a * pi / 180,
    np.radians: lambda a: a * pi / 180,
    np.rad2deg: lambda a: a * 180 / pi,
    np.degrees: lambda a: a * 180 / pi,
    np.absolute: abs,
    np.fabs: abs,
    np.sign: sp.sign,
    np.sinc: lambda a: Piecewise((sin(pi * a) / (pi * a), sp.Ne(a, 0)), (1, True)),
    special.erf: sp.erf,
    special.erfc: sp.erfc,
    special.erfcx: lambda a: exp(a**2) * sp.erfc(a),
    special.expit: lambda a: 1 / (1 + exp(-a)),
    special.logit: lambda a: log(a / (1 - a)),
    special.log_expit: lambda a: -log(1 + exp(-a)),
    special.ndtr: lambda a: sp.erfc(-a / sqrt(2)) / 2,
    special.log_ndtr: lambda a: log(sp.erfc(-a / sqrt(2)) / 2),
    special.gamma: sp.gamma,
    special.gammaln: sp.loggamma,
    special.digamma: sp.digamma,
    special.psi: sp.digamma,
    special.exp2: lambda a: 2**a,
    special.exp10: lambda a: 10**a,
    special.expm1: lambda a: exp(a) - 1,
    special.log1p: lambda a: log(1 + a),
    special.cbrt: lambda a: Piecewise((-((-a) ** sp.Rational(1, 3)), a < 0), (a ** sp.Rational(1, 3), True)),
    special.entr: lambda a: Piecewise((-a * log(a), a > 0), (0, sp.Eq(a, 0)), (-sp.oo, True)),
}

BINARY: dict[Any, Callable[[Any, Any], Any]] = {
    np.arctan2: sp.atan2,
    np.hypot: lambda a, b: sqrt(a**2 + b**2),
    np.logaddexp: lambda a, b: log(exp(a) + exp(b)),
    np.logaddexp2: lambda a, b: log(2**a + 2**b) / log(2),
    np.heaviside: lambda a, b: Piecewise((1, a > 0), (0, a < 0), (b, True)),
    np.copysign: lambda a, b: Piecewise((abs(a), b >= 0), (-abs(a), True)),
    special.xlogy: lambda a, b: Piecewise((a * log(b), sp.Ne(a, 0)), (0, True)),
    special.xlog1py: lambda a, b: Piecewise((a * log(1 + b), sp.Ne(a, 0)), (0, True)),
    special.rel_entr: lambda a, b: Piecewise((a * log(a / b), sp.Ne(a, 0)), (0, True)),
    special.kl_div: lambda a, b: Piecewise((a * log(a / b) - a + b, sp.Ne(a, 0)), (b, True)),
    special.pseudo_huber: lambda a, b: a**2 * (sqrt(1 + (b / a) ** 2) - 1),
}
if hasattr(special, "softplus"):
    UNARY[special.softplus] = lambda a: log(1 + exp(a))

COMPARISONS: dict[Any, Callable[[Any, Any], Any]] = {
    np.greater: lambda a, b: a > b,
    np.less: lambda a, b: a < b,
    np.greater_equal: lambda a, b: a >= b,
    np.less_equal: lambda a, b: a <= b,
    np.equal: sp.Eq,
    np.not_equal: sp.Ne,
}

_A, _B, _C = ARGUMENTS[:3]
MAXIMUM = from_function(lambda a, b: Piecewise((a, a > b), (b, a < b), ((a + b) / 2, True)), 2)
MINIMUM = from_function(lambda a, b: Piecewise((a, a < b), (b, a > b), ((a + b) / 2, True)), 2)


@cache
def formula_of(function: Any) -> Formula:
    """The formula of a function in the tables above."""
    if function in UNARY:
        return from_function(UNARY[function], 1)
    return from_function(BINARY[function], 2)
