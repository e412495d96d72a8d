"""Which functions are generators, and what are their relations? exp, log, signs, roots of unity circle, the rest opaque."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import sympy as sp

from symdiff.ir.formulas import ARGUMENTS
from symdiff.ir.sizes import Size
from symdiff.proof.every_shape.powers import Powers
from symdiff.proof.every_shape.terms import (
    ONE,
    Atom,
    Exponent,
    Expr,
    HeadKind,
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


class Generators(Powers):
    """Functions of values in normal form. ``generic``: where no argument of a sign is zero."""

    def __init__(self, seconds: float, steps: int, *, generic: bool = False) -> None:
        super().__init__(seconds, steps)
        self.generic = generic
        self._distances: dict[tuple[Atom, Atom], Fraction | None] = {}

    # Exponentials and logarithms ----------------------------------------------------------------------------------

    def exp(self, expr: Expr) -> Expr:
        """``exp(sum_t c_t t) = prod_t E[t]^c_t``; ``exp(c log b) = b^c``."""
        cases = self._split(sp.exp(_A), expr, self.exp)
        if cases is not None:
            return cases
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
            clean = self.sign(factor) == 1 or self._is_input(factor)
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
                    result = plus(result, single(self.generator("log", constant(int(prime)))), sign * int(count))
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

    def generator(self, kind: HeadKind, expr: Expr, *, positive: bool = False, clean: bool = True) -> Atom:
        """The atom ``kind[expr]``."""
        closed, sizes = self.close([expr])
        clean = clean and self.is_clean(expr)
        degree = 0 if kind in ("positive", "zero") or not sizes and not closed.free and ONE in expr else 1
        head = self.intern(kind, kind, sizes, closed, positive=positive, clean=clean, degree=degree)
        return self.atom(head, closed.free)

    def _split(self, formula: sp.Expr, expr: Expr, function: Callable[[Expr], Expr]) -> Expr | None:
        try:
            return self.by_cases(expr, function)
        except Undefined:
            self.need("positive", expr) if formula.func is sp.log else None
            return self.opaque(formula, [expr])

    # Signs --------------------------------------------------------------------------------------------------------

    def is_above(self, expr: Expr) -> Expr:
        """1 where the value is above zero, 0 elsewhere."""
        cases = self.by_cases(expr, self.is_above)
        if cases is not None:
            return cases
        rest = self._undecided(expr)
        if isinstance(rest, int):
            return constant(int(rest > 0))
        if self.leading(rest)[1] > 0:
            return single(self.generator("positive", rest, clean=False))
        below = single(self.generator("positive", self.negated(rest), clean=False))
        return plus(plus(constant(1), below, -1), self.is_zero(rest), -1)

    def is_zero(self, expr: Expr) -> Expr:
        """1 where the value is zero, 0 elsewhere; away from kinks it is 0 everywhere."""
        cases = self.by_cases(expr, self.is_zero)
        if cases is not None:
            return cases
        rest = self._undecided(expr)
        if isinstance(rest, int):
            return constant(int(rest == 0))
        rest = rest if self.leading(rest)[1] > 0 else self.negated(rest)
        if self.generic and self.is_clean(rest):
            self.need("kink", rest)
            return {}
        return single(self.generator("zero", rest, clean=False))

    def _undecided(self, expr: Expr) -> Expr | int:
        """The sign, or a factor that alone decides it."""
        number = as_number(expr)
        if number is None:
            _, _, rest = self.parted(expr, fractional=True)
            number = as_number(rest)
            if number is None:
                return self.sign(rest) or rest
        return (number > 0) - (number < 0)

    # Other functions ----------------------------------------------------------------------------------------------

    def function(self, expression: sp.Expr, arguments: Sequence[Expr]) -> Expr:
        """A function by its formula in ``a0, a1, ...``: odd and even ones take the argument with a leading plus."""
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
        head = self.intern("function", expression, sizes, closed, clean=clean, degree=1)
        return single(self.atom(head, closed.free))

    # Selections ---------------------------------------------------------------------------------------------------

    def maximum(self, expr: Expr, places: dict[int, Size]) -> Expr:
        """The maximum over some labels."""
        used = self.sizes_of([expr])
        bound = [k for k in places if k in used]
        if not bound:
            return expr
        closed, sizes = self.close([expr], bound)
        free = len(closed.free)
        head = self.intern("maximum", sizes[free:], sizes[:free], closed, clean=False, degree=1)
        return single(self.atom(head, closed.free))

    def winner(self, expr: Expr, places: dict[int, Size]) -> Expr:
        """1 where the maximum over some labels is reached, shared between ties."""
        used = self.sizes_of([expr])
        bound = [k for k in places if k in used]
        result = constant(1)
        for label, size in places.items():
            if label not in used:
                result = self.times(result, self.power(self.size(size), -1))
        if not bound:
            return result
        closed, sizes = self.close([expr], bound)
        kept = len(closed.free)
        head = self.intern("winner", kept, sizes, closed, clean=False, symmetric=False)
        return self.times(result, single((head, (*closed.free, *closed.bound))))

    # What the layers below ask for --------------------------------------------------------------------------------

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
                return self._selected_again(head, labels)
        parts = [self.relabelled(part, mapping) for part in own.parts]
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

    def _selected_again(self, head: int, labels: Labels) -> Expr:
        """A maximum, or a one-hot array, two of whose kept labels became one; at a repeated place it stays."""
        own = self.heads[head]
        kept = len(labels) if own.kind == "maximum" else own.name
        assert isinstance(kept, int)
        if own.kind == "winner" and len(set(labels)) < len(set(labels[:kept])) + len(labels) - kept:
            return single((head, labels))
        sizes = own.name if isinstance(own.name, tuple) else own.dims[kept:]
        new = labels[kept:] if own.kind == "winner" else tuple(self.fresh() for _ in sizes)
        mapping = dict(enumerate(labels[:kept])) | {-1 - place: label for place, label in enumerate(new)}
        expr = self.relabelled(own.parts[0], mapping)
        places = dict(zip(new, sizes, strict=True))
        return self.maximum(expr, places) if own.kind == "maximum" else self.winner(expr, places)

    def related(self, product: Product, atom: Atom, exponent: Exponent) -> list[tuple[Product, Fraction]] | None:
        """One step of the relation of an atom."""
        head = self.heads[atom[0]]
        match head.kind:
            case "power":
                return self.rewritten(product, atom, exponent)
            case "zero":
                step = self._at_zero(product, atom)
                return self._by_thresholds(product, atom) if step is None else step
            case "positive":
                return self._by_thresholds(product, atom)
            case "mask":
                return self._selected(product, atom)
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

    def _selected(self, product: Product, atom: Atom) -> list[tuple[Product, Fraction]] | None:
        """A row of a selection has one column, a column of a span one row, and disjoint spans no place in common."""
        kept = self.kept(atom)
        if kept is None:
            return None
        rows, columns = atom[1][:kept], atom[1][kept:]
        is_span = self._is_span(atom)
        for other in product:
            if other == atom or self.heads[other[0]].kind != "mask" or self.kept(other) is None:
                continue
            others = other[1][: self.kept(other)], other[1][self.kept(other) :]
            if other[0] == atom[0] and others[0] == rows:
                return self._identified(product, other, others[1], columns)
            if is_span and other[0] == atom[0] and others[1] == columns:
                return self._identified(product, other, others[0], rows)
            if is_span and self._is_span(other) and others[1] == columns and self._are_apart(atom, other):
                return []
        return None

    def _identified(
        self, product: Product, gone: Atom, one: Labels, other: Labels
    ) -> list[tuple[Product, Fraction]]:
        """The product with an atom replaced by deltas of two blocks of labels."""
        sizes = self.sizes_of([single(gone)])
        deltas = constant(1)
        for k, j in zip(one, other, strict=True):
            deltas = self.times(deltas, single(self.delta(sizes[k], k, j)))
        return self.replaced(product, gone, deltas)

    def _is_span(self, atom: Atom) -> bool:
        name = self.heads[atom[0]].name
        return isinstance(name, tuple) and name[0] == "span"

    def _are_apart(self, atom: Atom, other: Atom) -> bool:
        """Whether two spans of one axis, of step 1, end before each other for all sizes."""
        names = [self.heads[a[0]].name for a in (atom, other)]
        (_, start, step, length, size, _), (_, begin, stride, extent, whole_, _) = names  # type: ignore[misc]
        if step != 1 or stride != 1 or size != whole_:
            return False
        return _is_nonnegative(begin - start - length) or _is_nonnegative(start - begin - extent)

    def _by_thresholds(self, product: Product, atom: Atom) -> list[tuple[Product, Fraction]] | None:
        """``[u > 0] [u > c] = [u > c]`` for c > 0, and ``[u = 0] [u > c]`` is decided."""
        for other in product:
            if other == atom or self.heads[other[0]].kind != "positive":
                continue
            ahead = self._ahead(atom, other)
            if ahead is None:
                continue
            if self.heads[atom[0]].kind == "zero":
                return self.replaced(product, other, constant(int(ahead < 0)))
            return self.replaced(product, atom if ahead > 0 else other, constant(1))
        return None

    def _ahead(self, atom: Atom, other: Atom) -> Fraction | None:
        """By how much the argument of one sign exceeds the other's, if that is a number and neither is 0."""
        if (atom, other) not in self._distances:
            first, second = (self._monic(a) for a in (atom, other))
            self._distances[atom, other] = as_number(plus(first, second, -1))
        return self._distances[atom, other] or None

    def _monic(self, atom: Atom) -> Expr:
        base = self.relabelled(self.heads[atom[0]].parts[0], dict(enumerate(atom[1])))
        return times_number(base, 1 / abs(self.leading(base)[1]))

    def _at_zero(self, product: Product, atom: Atom) -> list[tuple[Product, Fraction]] | None:
        """``[u = 0] [u > 0] = 0``, and ``[u = 0] lead(u) = -[u = 0] rest(u)``."""
        base = self.relabelled(self.heads[atom[0]].parts[0], dict(enumerate(atom[1])))
        if any(a in product for a in dict(next(iter(single(self.generator("positive", base, clean=False)))))):
            return []
        key, coefficient = self.leading(base)
        if not key or any(e <= 0 or product.get(a, 0) < e for a, e in key):
            return None
        quotient = self.merged(dict(product), tuple((a, -e) for a, e in key))
        return [
            (self.merged(dict(quotient), other), -c / coefficient) for other, c in base.items() if other != key
        ]


def _is_nonnegative(size: Size) -> bool:
    """Whether a sum of products of sizes is seen to be at least 0, since every size is at least 1."""
    if isinstance(size, int):
        return size >= 0
    coefficients = sp.expand(size).as_coefficients_dict()
    below = sum(c for c in coefficients.values() if c < 0)
    return all(c > 0 or term == 1 for term, c in coefficients.items()) and sum(coefficients.values()) >= 0 >= below
