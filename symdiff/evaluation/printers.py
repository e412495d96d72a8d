"""How is a formula written in Python? Two printers for lambdify, for NumPy arrays and for Python floats."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.numpy import SciPyPrinter
from sympy.printing.pycode import PythonCodePrinter

from symdiff.evaluation.stable import EXPIT, MAXIMUM, MINIMUM

_SETTINGS = {
    "fully_qualified_modules": False,
    "inline": True,
    "allow_unknown_functions": True,
    "user_functions": {},
}


def literal(value: float) -> str:
    """A number as Python source."""
    if value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "(-inf)"
    return repr(value)


def _folded(product: sp.Mul) -> sp.Expr:
    """A product with its numeric factors merged into one literal: a symbol named by its digits."""
    numbers = [f for f in product.args if f.is_number]
    if all(n in (1, -1) for n in numbers):
        return product
    value = float(sp.Mul(*numbers))
    others = [f for f in product.args if not f.is_number]
    if abs(value) == 1:
        return sp.Mul(int(value), *others)
    sign = -1 if value < 0 else 1
    return sp.Mul(sign, sp.Symbol(literal(abs(value))), *others)


class _Numbers:
    """Numbers become float literals, small whole powers become products."""

    def _print(self, expr: Any, **options: Any) -> str:
        if isinstance(expr, sp.Expr) and expr.is_number:
            text = literal(float(expr))
            return f"({text})" if text.startswith("-") else text
        if isinstance(expr, sp.Mul):
            expr = _folded(expr)
        return str(super()._print(expr, **options))  # type: ignore[misc]

    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:
        base, exponent = expr.args
        if exponent.is_Integer and abs(exponent) <= 64:
            text = self._whole_power(base, abs(int(exponent)))
            return text if exponent > 0 else f"1.0/({text})"
        if exponent.is_Rational and exponent.q == 2 and abs(exponent.p) <= 9:
            whole, root = abs(int(exponent.p)) // 2, f"sqrt({self._print(base)})"
            text = root if whole == 0 else f"({root}*{self._whole_power(base, whole)})"
            return text if exponent > 0 else f"1.0/({text})"
        return self._power(self._print(base), self._print(exponent))

    def _whole_power(self, base: sp.Expr, exponent: int) -> str:
        raise NotImplementedError

    def _power(self, base: str, exponent: str) -> str:
        raise NotImplementedError


class NumPyPrinter(_Numbers, SciPyPrinter):  # type: ignore[misc]
    """Every operation is one function call or operator, so that it becomes one array statement."""

    def __init__(self) -> None:
        super().__init__(dict(_SETTINGS))

    def _whole_power(self, base: sp.Expr, exponent: int) -> str:
        if exponent == 1:
            return f"({self._print(base)})"
        half = self._whole_power(base, exponent // 2)
        square = f"square({half})"
        return square if exponent % 2 == 0 else f"({square}*({self._print(base)}))"

    def _power(self, base: str, exponent: str) -> str:
        return f"power({base}, {exponent})"

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        (value, condition), *rest = expr.args
        if condition is sp.true or not rest:
            return self._print(value)
        other = sp.Piecewise(*rest, evaluate=False) if len(rest) > 1 else rest[0][0]
        if value == 1 and other == 0:
            return self._print(condition)
        if value == 0 and other == 1:
            return f"logical_not({self._print(condition)})"
        return f"where({self._print(condition)}, {self._print(value)}, {self._print(other)})"

    def _print_AppliedUndef(self, expr: sp.Function) -> str:
        return f"{type(expr).__name__}({', '.join(self._print(a) for a in expr.args)})"

    def _print_And(self, expr: sp.And) -> str:
        return self._nested("logical_and", expr.args)

    def _print_Or(self, expr: sp.Or) -> str:
        return self._nested("logical_or", expr.args)

    def _print_polygamma(self, expr: sp.polygamma) -> str:
        order, argument = expr.args
        if order == 0:
            return f"psi({self._print(argument)})"
        return f"polygamma({int(order)}, {self._print(argument)})"

    def _nested(self, name: str, parts: tuple[sp.Expr, ...]) -> str:
        text = self._print(parts[0])
        for part in parts[1:]:
            text = f"{name}({text}, {self._print(part)})"
        return text


class MathPrinter(_Numbers, PythonCodePrinter):  # type: ignore[misc]
    """Expressions of Python floats; a Piecewise is a conditional expression and evaluates one branch only."""

    def __init__(self) -> None:
        super().__init__(dict(_SETTINGS))

    def _whole_power(self, base: sp.Expr, exponent: int) -> str:
        text = f"({self._print(base)})"
        if base.is_Symbol and exponent <= 8:
            return f"({'*'.join([text] * exponent)})"
        return text if exponent == 1 else f"({text}**{exponent})"

    def _power(self, base: str, exponent: str) -> str:
        return f"pow({base}, {exponent})"

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        text = ""
        for value, condition in expr.args:
            if condition is sp.true:
                return f"({text}({self._print(value)}))"
            text += f"({self._print(value)}) if {self._print(condition)} else "
        return f"({text}nan)"

    def _print_Relational(self, expr: sp.Rel) -> str:
        return f"({self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)})"

    def _expit(self, expr: sp.Expr) -> str:
        (argument,) = expr.args
        text = self._print(argument)
        if not argument.is_Symbol:
            return f"expit({text})"
        return f"(1.0/(1.0 + exp(-{text})) if {text} > -700.0 else exp({text}))"

    def _extreme(self, expr: sp.Expr, before: str) -> str:
        left, right = expr.args
        if left.is_number:
            left, right = right, left
        first, second = self._print(left), self._print(right)
        if left.is_Symbol and (right.is_Symbol or right.is_number):
            return f"({first} if {first} {before} {second} else {second})"
        return f"{expr.func.__name__}({first}, {second})"

    def _print_Function(self, expr: sp.Function) -> str:
        name = _MATH_NAMES.get(type(expr).__name__, type(expr).__name__)
        if expr.func == EXPIT:
            return self._expit(expr)
        if expr.func in (MAXIMUM, MINIMUM):
            return self._extreme(expr, ">" if expr.func == MAXIMUM else "<")
        if isinstance(expr, sp.polygamma):
            order, argument = expr.args
            head = "psi(" if order == 0 else f"polygamma({int(order)}, "
            return f"{head}{self._print(argument)})"
        return f"{name}({', '.join(self._print(a) for a in expr.args)})"


_MATH_NAMES = {
    "loggamma": "lgamma",
    "LambertW": "lambertw",
    "ceiling": "ceil",
    "besselj": "jv",
    "absolute": "abs",
}
