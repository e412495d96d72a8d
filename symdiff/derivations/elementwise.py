"""How does a formula at every position look on paper? Known functions by name, Hadamard products for arrays."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE, precedence

_W = sp.Wild("w")
SIGMA = sp.Function("sigma", real=True)
RELU = sp.Function("ReLU", real=True)
_BY_NAME = {SIGMA: r"\sigma", RELU: r"\operatorname{ReLU}"}
DEFINITIONS = {
    r"\sigma": r"\sigma(z) = \frac{1}{1 + e^{-z}}",
    r"\operatorname{ReLU}": r"\operatorname{ReLU}(z) = \max(0, z)",
}


class Operand(sp.Symbol):  # type: ignore[misc]
    """A symbol that prints as LaTeX already written; ``precedence`` says which parentheses it needs."""

    __slots__ = ("is_array", "precedence", "written")

    def _latex(self, printer: LatexPrinter) -> str:
        return str(self.written)


def operand(key: str, written: str, precedence: int, *, is_array: bool) -> Operand:
    """An operand of a formula."""
    found = Operand(
        f"{key} {written}", real=True
    )  # symbols are cached by name, and keep what they were given
    found.written, found.precedence, found.is_array = written, precedence, is_array
    return found


def latex(expression: sp.Expr) -> str:
    """A formula of written operands."""
    return str(_Printer().doprint(by_name(expression)))


def binding(expression: sp.Expr) -> int:
    """How tightly a formula binds."""
    return int(getattr(expression, "precedence", None) or precedence(by_name(expression)))


def by_name(expression: sp.Expr) -> sp.Expr:
    """The sigmoid and the rectifier as functions of their own."""
    found = expression.replace(1 / (1 + sp.exp(_W)), lambda w: SIGMA(-w))
    for choice in found.atoms(sp.Piecewise):
        (value, condition), *others = choice.args
        is_relu = len(others) == 1 and others[0][0] == 0 and condition in (value > 0, value >= 0)
        found = found.xreplace({choice: RELU(value)}) if is_relu else found
    return found


def _indicator(choice: sp.Piecewise) -> sp.Basic | None:
    """The condition of a choice between 1 and 0."""
    values = [value for value, _ in choice.args]
    return choice.args[0][1] if values == [1, 0] else None


def is_array(expression: sp.Basic) -> bool:
    """Whether an operand in it has axes."""
    return any(symbol.is_array for symbol in expression.atoms(Operand))


def _is_cotangent(factor: sp.Expr) -> bool:
    return isinstance(factor, Operand) and factor.written.startswith(r"\frac{\partial")


def _place(term: sp.Expr) -> tuple[bool, bool, int, str]:
    bare = isinstance(term, Operand) and term.precedence == PRECEDENCE["Atom"]
    return bool(term.could_extract_minus_sign()), not term.is_number, int(bare), str(term)


class _Printer(LatexPrinter):  # type: ignore[misc]
    """LaTeX of formulas; between arrays a product is a Hadamard product."""

    def _print_sigma(self, expression: Any, exp: Any = None) -> str:
        return self._applied(expression, exp)

    _print_ReLU = _print_sigma

    def _applied(self, expression: Any, exp: Any) -> str:
        name = _BY_NAME[expression.func]
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}{power}\left({self._print(expression.args[0])}\right)"

    def _print_Piecewise(self, expression: Any) -> str:
        condition = _indicator(expression)
        if condition is None:
            return str(super()._print_Piecewise(expression))
        return rf"\mathbb{{I}}\left[{self._print(condition)}\right]"

    def _print_Add(self, expression: Any, order: Any = None) -> str:
        """Numbers first, then products of matrices, then what has a name of its own; what is subtracted last."""
        terms = sorted(sp.Add.make_args(expression), key=_place)
        written = [str(self.parenthesize(term, PRECEDENCE["Add"])) for term in terms]
        return written[0] + "".join(
            f" - {text[1:].lstrip()}" if text.startswith("-") else f" + {text}" for text in written[1:]
        )

    def _print_Pow(self, expression: Any) -> str:
        if not is_array(expression.base) or not expression.exp.is_Integer or expression.exp < 2:
            return str(super()._print_Pow(expression))
        base = self.parenthesize(expression.base, PRECEDENCE["Pow"], strict=True)
        return rf"{base}^{{\odot {expression.exp}}}"

    def _print_Mul(self, expression: Any) -> str:
        factors = sorted(expression.as_ordered_factors(), key=lambda f: not _is_cotangent(f))
        arrays = [f for f in factors if is_array(f)]
        if len(arrays) < 2 or any(f.is_Pow and f.exp.is_negative for f in arrays):
            return str(super()._print_Mul(expression))
        scale = sp.Mul(*[f for f in factors if not is_array(f)])
        body = r" \odot ".join(self.parenthesize(f, PRECEDENCE["Mul"]) for f in arrays)
        if scale == 1:
            return body
        return f"-{body}" if scale == -1 else rf"{self.parenthesize(scale, PRECEDENCE['Mul'])} {body}"
