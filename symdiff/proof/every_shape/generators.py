"""Which functions are generators, and what are their relations? exp, log, sines; the rest are opaque."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import sympy as sp

from symdiff.ir.formulas import ARGUMENTS
from symdiff.ir.sizes import Size
from symdiff.proof.every_shape.selections import Selections
from symdiff.proof.every_shape.terms import (
    Atom,
    Exponent,
    Expr,
    Head,
    Labels,
    Product,
    Undefined,
    as_number,
    constant,
    plus,
    single,
    times_number,
    whole,
)

_A = ARGUMENTS[0]
ODD = frozenset({"erf", "erfi", "sin", "atan", "asin", "erfinv"})
EVEN = frozenset({"cos"})
_ANALYTIC = frozenset({"erf", "erfi", "sin", "cos", "atan"})
_SIN, _COS = sp.sin(_A), sp.cos(_A)


class Generators(Selections):
    """Functions of values in normal form. ``generic``: where no argument of a sign is zero."""

    # Exponentials and logarithms ---------------------------------------------------------------------------

    def exp(self, expr: Expr) -> Expr:
        """``exp(sum_t c_t t) = prod_t E[t]^c_t``; ``exp(c log b) = b^c``."""
        cases = self._split(sp.exp(_A), expr, self.exp)
        if cases is not None:
            return cases
        if self._is_minus_infinity(expr):
            return {}
        result = constant(1)
        for key, coefficient in expr.items():
            if len(key) == 1 and key[0][1] == 1 and self.heads[key[0][0][0]].kind == "log":
                head, labels = key[0][0]
                base = self.relabelled(self.heads[head].parts[0], dict(enumerate(labels)))
                factor = self.power(base, whole(coefficient))
            else:
                factor = single(self.generator("exp", {key: Fraction(1)}, positive=True), whole(coefficient))
            result = self.times(result, factor)
        return result

    def infinity(self) -> Atom:
        """A number greater than all others, of which only ``exp(-infinity) = 0`` is known."""
        return self.intern("number", sp.oo, positive=True, clean=False), ()

    def _is_minus_infinity(self, expr: Expr) -> bool:
        coefficient = expr.get(((self.infinity(), 1),))
        if coefficient is not None and coefficient > 0:
            raise Undefined("the exponential of infinity")
        return coefficient is not None

    def is_infinite(self, expr: Expr) -> bool:
        """Whether infinity is among the factors of a value."""
        infinity = self.infinity()
        return any(atom == infinity for key in expr for atom, _ in key)

    def log(self, expr: Expr) -> Expr:
        """The logarithm: positive factors come out, ``log E[t]^c = c t``."""
        if not expr:
            raise Undefined("the logarithm of zero")
        cases = self._split(sp.log(_A), expr, self.log)
        if cases is not None:
            return cases
        scale, content, rest = self.parted(expr, fractional=True)
        result = self._log_of_number(scale)
        for atom, exponent in content:
            result = plus(result, self._log_of_atom(atom), Fraction(exponent))
        number = as_number(rest)
        if number == 1:
            return result
        if number is not None:
            raise Undefined("the logarithm of a negative number")
        for factor, times in self.split(rest, fractional=True):
            self.need("positive", factor)
            clean = (self.sign(factor) == 1 and not self.has_poles([factor])) or self._is_input(factor)
            result = plus(result, single(self.generator("log", factor, clean=clean)), times)
        return result

    def _is_input(self, expr: Expr) -> bool:
        (key, *others) = expr
        return not others and len(key) == 1 and key[0][1] == 1 and self.heads[key[0][0][0]].kind == "input"

    def _log_of_number(self, number: Fraction) -> Expr:
        result: Expr = {}
        for part, sign in ((number.numerator, 1), (number.denominator, -1)):
            for prime, count in sp.factorint(part).items():
                if prime != 1:
                    result = plus(
                        result, single(self.generator("log", constant(int(prime)))), sign * int(count)
                    )
        return result

    def _log_of_atom(self, atom: Atom) -> Expr:
        head = self.heads[atom[0]]
        mapping = dict(enumerate(atom[1]))
        if head.kind == "exp":
            return self.relabelled(head.parts[0], mapping)
        if head.kind == "power":
            return single(self.generator("log", self.relabelled(head.parts[0], mapping)))
        if head.kind == "prime":
            return single(self.generator("log", constant(int(str(head.name)))))
        return single(self.generator("log", single(atom)))

    def _split(self, formula: sp.Expr, expr: Expr, function: Callable[[Expr], Expr]) -> Expr | None:
        try:
            return self.by_cases(expr, function)
        except Undefined:
            self.need("positive", expr) if formula.func is sp.log else None
            return self.opaque(formula, [expr])

    # Other functions ---------------------------------------------------------------------------------------

    def function(self, expression: sp.Expr, arguments: Sequence[Expr]) -> Expr:
        """A function by its formula in ``a0, a1, ...``; odd and even ones take a leading plus."""
        name = type(expression).__name__
        if len(arguments) == 1 and name in ODD | EVEN:
            (argument,) = arguments
            if not argument:
                return constant(1) if name in EVEN else {}
            cases = self._split(expression, argument, lambda part: self.function(expression, [part]))
            if cases is not None:
                return cases
            if self.leading(argument)[1] < 0:
                sign = 1 if name in EVEN else -1
                return times_number(self.opaque(expression, [self.negated(argument)]), sign)
        return self.opaque(expression, arguments)

    def opaque(self, expression: sp.Expr, arguments: Sequence[Expr]) -> Expr:
        """A function of which nothing but its arguments is known."""
        closed, sizes = self.close(arguments)
        clean = type(expression).__name__ in _ANALYTIC and all(map(self.is_clean, arguments))
        clean = clean and not (type(expression).__name__ == "atan" and self.has_poles(arguments))
        head = self.intern("function", expression, sizes, closed, clean=clean, degree=1)
        return single(self.atom(head, closed.free))

    # What the layers below ask for -------------------------------------------------------------------------

    def rebuilt(self, head: int, labels: Labels) -> Expr:
        """An atom whose labels are no longer distinct, built again from its arguments."""
        own = self.heads[head]
        mapping = dict(enumerate(labels))
        match own.kind:
            case "sum":
                dummies: dict[int, Size] = {}
                flat = self._opened((head, labels), dummies)
                return self.summed(flat, dummies)
            case "maximum" | "winner":
                return self.selected_again(head, labels)
        return self.remade(own, [self.relabelled(part, mapping) for part in own.parts])

    def remade(self, own: Head, parts: Sequence[Expr]) -> Expr:
        """A function of other arguments."""
        match own.kind:
            case "power":
                return parts[0]
            case "exp":
                return self.exp(parts[0])
            case "log":
                return self.log(parts[0])
            case "positive":
                return self.is_above(parts[0])
            case "zero":
                return self.is_zero(parts[0])
            case _:
                return self.function(own.name, parts)

    def related(
        self, product: Product, atom: Atom, exponent: Exponent
    ) -> list[tuple[Product, Fraction]] | None:
        """One step of the relation of an atom."""
        head = self.heads[atom[0]]
        match head.kind:
            case "power":
                return self.rewritten(product, atom, exponent)
            case "zero":
                step = self.at_zero(product, atom)
                return self.by_thresholds(product, atom) if step is None else step
            case "positive":
                return self.by_thresholds(product, atom)
            case "mask":
                return self.selected(product, atom)
            case "winner":
                return self.counted(product, atom)
            case "sum":
                return self.chosen_together(product, atom) if self._picked else None
            case "function" if head.name == _SIN and exponent >= 2 and exponent.denominator == 1:
                return self._square_of_sine(product, atom)
            case _:
                return None

    def _square_of_sine(self, product: Product, atom: Atom) -> list[tuple[Product, Fraction]]:
        argument = self.relabelled(self.heads[atom[0]].parts[0], dict(enumerate(atom[1])))
        cosine = self.opaque(_COS, [argument])
        square = plus(constant(1), self.times(cosine, cosine), -1)
        rest = self.merged(dict(product), ((atom, -2),))
        return [(self.merged(dict(rest), key), c) for key, c in square.items()]
