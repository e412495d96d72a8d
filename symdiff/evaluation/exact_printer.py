"""How is a scalar formula written for exact arithmetics? Every number is a call that the arithmetic answers."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter


class ExactPrinter(PythonCodePrinter):  # type: ignore[misc]
    """Prints every number as a call that the arithmetic answers, and Piecewise as a lazy choice."""

    def _print_Rational(self, expr: sp.Rational) -> str:
        return f"number({expr.p}, {expr.q})"

    _print_Integer = _print_Zero = _print_One = _print_NegativeOne = _print_Half = _print_Rational

    def _print_Float(self, expr: sp.Float) -> str:
        value = sp.Rational(expr)
        return f"number({value.p}, {value.q})"

    def _print_constant(self, expr: sp.Expr) -> str:
        return f"{expr}()"

    _print_Pi = _print_EulerGamma = _print_Catalan = _print_constant

    def _print_Exp1(self, expr: sp.Expr) -> str:
        return "exp(number(1, 1))"

    def _print_Infinity(self, expr: sp.Expr) -> str:
        return "infinity()"

    def _print_NegativeInfinity(self, expr: sp.Expr) -> str:
        return "-infinity()"

    def _print_Add(self, expr: sp.Add, **_: Any) -> str:
        return "(" + " + ".join(map(self._print, expr.args)) + ")"

    def _print_Mul(self, expr: sp.Mul) -> str:
        sign = "-" if expr.args[0] == -1 else ""  # no product for a sign
        return f"({sign}" + "*".join(map(self._print, expr.args[1:] if sign else expr.args)) + ")"

    def _print_Pow(self, expr: sp.Pow, **_: Any) -> str:
        base, exponent = self._print(expr.base), expr.exp
        if exponent.is_Rational:
            return f"root_power({base}, {exponent.p}, {exponent.q})"
        return f"power({base}, {self._print(exponent)})"

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        text = "undefined()"
        for value, condition in reversed(expr.args):
            chosen = self._print(value)
            text = chosen if condition == sp.true else f"({chosen} if {self._print(condition)} else {text})"
        return text

    def _print_Relational(self, expr: sp.core.relational.Relational) -> str:
        left, right = map(self._print, expr.args)
        return {
            ">": f"greater({left}, {right})",
            "<": f"greater({right}, {left})",
            ">=": f"(not greater({right}, {left}))",
            "<=": f"(not greater({left}, {right}))",
            "==": f"equal({left}, {right})",
            "!=": f"(not equal({left}, {right}))",
        }[expr.rel_op]

    def _print_Function(self, expr: sp.Function) -> str:
        return f"{type(expr).__name__}({', '.join(map(self._print, expr.args))})"

    _print_log = _print_exp = _print_Function

    def __getattr__(self, name: str) -> Any:
        known = getattr(sp, name.removeprefix("_print_"), None)
        if isinstance(known, type) and issubclass(known, sp.Function):
            return self._print_Function
        raise AttributeError(name)


for _known in PythonCodePrinter._kf:  # it would import math.lgamma for loggamma: a float among balls
    setattr(ExactPrinter, f"_print_{_known}", ExactPrinter._print_Function)
