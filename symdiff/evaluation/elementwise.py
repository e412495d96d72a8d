"""Which ufuncs compute a product, a sum, a formula? Signs and factors are carried along until they cost."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from symdiff.evaluation.functions import array_function
from symdiff.evaluation.instructions import Code, Instruction, Program, Value, View, broadcast
from symdiff.evaluation.templates import array_steps
from symdiff.ir.formulas import Formula

COMPARISONS = frozenset({"greater", "less", "greater_equal", "less_equal", "equal", "not_equal"}) | frozenset(
    {"logical_and", "logical_or", "logical_not", "logical_xor"}
)
_COMMUTING = frozenset(
    {"add", "multiply", "maximum", "minimum", "logical_and", "logical_or", "hypot", "logaddexp"}
)


class Elementwise:
    """Adds elementwise instructions to a program; equal ones once only."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._known: dict[Hashable, View] = {}
        self._quiet = False

    def formula(self, formula: Formula, operands: Sequence[Value], code: Code) -> Value:
        """The value of a formula."""
        steps, result = array_steps(formula)
        self._quiet = any(step.function == "where" for step in steps)
        values: list[Value] = list(operands)
        for step in steps:
            chosen = [values[k] if isinstance(k, int) else k for k in step.operands]
            values.append(self.step(step.function, chosen, "f" if formula.boolean else code))
        self._quiet = False
        return values[result] if isinstance(result, int) else result

    def step(self, function: str, operands: Sequence[Value], code: Code) -> Value:
        """One array function, by the cheapest equivalent."""
        if all(isinstance(v, float) for v in operands):
            with np.errstate(all="ignore"):
                return float(array_function(function)(*operands))
        first = operands[0]
        match function, first:
            case "add", _:
                return self.add(first, operands[1], 1.0, code)
            case "subtract", _:
                return self.add(first, operands[1], -1.0, code)
            case "multiply", _:
                return self.times(first, operands[1], code)
            case "negative", _:
                return self.times(first, -1.0, code)
            case "divide", _:
                return self.divide(first, operands[1])
            case "square", View() as operand:
                return replace(
                    self.ufunc("square", [replace(operand, scale=1.0)], code), scale=operand.scale**2
                )
            case "not_equal", View() as operand if self._is_boolean(operand) and operands[1] == 0:
                return operand
            case "equal", View() as operand if self._is_boolean(operand) and operands[1] == 0:
                return self.ufunc("logical_not", [operand], "b")
        return self.ufunc(function, operands, code)

    def _is_boolean(self, value: View) -> bool:
        return self.program.code(value) == "b"

    def ufunc(self, function: str, operands: Sequence[Value], code: Code) -> View:
        """One instruction that calls a ufunc."""
        code = "b" if function in COMPARISONS else code
        plain = tuple(self._literal(self.plain(v), code, operands) for v in operands)
        arguments: Hashable = frozenset(plain) if function in _COMMUTING else plain
        key = (function, arguments, code)
        found = self._known.get(key)
        if found is None:
            shape = broadcast(plain)
            found = View(self.program.register(shape, code), shape)
            typed = self._is_typed(function, plain, code)
            added = Instruction(function, plain, found.register, True, typed, self._quiet and code == "f")
            self.program.instructions.append(added)
            self._known[key] = found
        return found

    def _literal(self, value: Value, code: Code, operands: Sequence[Value]) -> Value:
        """Whole numbers stay whole beside integers."""
        whole = code != "f" and all(self.program.code(v) != "f" for v in operands if isinstance(v, View))
        return int(value) if whole and isinstance(value, float) and value.is_integer() else value

    def _is_typed(self, function: str, operands: Sequence[Value], code: Code) -> bool:
        """Whether NumPy would compute in booleans what is meant in numbers."""
        codes = [self.program.code(v) for v in operands]
        return code != "b" and function != "where" and all(c == "b" for c in codes)

    def plain(self, value: Value) -> Value:
        """The value with its factor multiplied in."""
        if not isinstance(value, View) or value.scale == 1:
            return value
        bare, code = replace(value, scale=1.0), self.program.code(value)
        if value.scale == -1 and code != "b":
            return self.ufunc("negative", [bare], code)
        return self.ufunc("multiply", [bare, value.scale], "f" if code == "b" or value.scale % 1 else code)

    def times(self, left: Value, right: Value, code: Code) -> Value:
        """A product; literal factors and signs are put off."""
        if not isinstance(left, View):
            left, right = right, left
        if not isinstance(left, View):
            return left * right if not isinstance(right, View) else right
        if not isinstance(right, View):
            return replace(left, scale=left.scale * right)
        scale, one, other = left.scale * right.scale, replace(left, scale=1.0), replace(right, scale=1.0)
        logical = self.program.code(one) == self.program.code(other) == "b"
        if logical:
            return replace(self.ufunc("logical_and", [one, other], "b"), scale=scale)
        result = (
            self.ufunc("square", [one], code) if one == other else self.ufunc("multiply", [one, other], code)
        )
        return replace(result, scale=scale)

    def divide(self, left: Value, right: Value) -> Value:
        """A quotient."""
        below = right.scale if isinstance(right, View) else 1.0
        bare = replace(right, scale=1.0) if isinstance(right, View) else right
        above = left.scale if isinstance(left, View) else 1.0
        top = replace(left, scale=1.0) if isinstance(left, View) else left
        if (
            isinstance(top, float)
            and isinstance(bare, View)
            and self.program.code(bare) == "f"
            and abs(top) == 1
        ):
            return replace(self.ufunc("reciprocal", [bare], "f"), scale=top / below)
        if isinstance(bare, float):
            return replace(self.ufunc("divide", [top, bare], "f"), scale=above)
        return replace(self.ufunc("divide", [top, bare], "f"), scale=above / below)

    def add(self, left: Value, right: Value, sign: float, code: Code) -> Value:
        """``left + sign * right``."""
        if not isinstance(left, View) or not isinstance(right, View):
            return self._add_literal(left, right, sign, code)
        first, second = left.scale, sign * right.scale
        one, other = replace(left, scale=1.0), replace(right, scale=1.0)
        if first == second:
            return replace(self.ufunc("add", [one, other], code), scale=first)
        if first == -second:
            if first < 0:
                one, other, first = other, one, second
            return replace(self.ufunc("subtract", [one, other], code), scale=first)
        if second < 0:
            return self.ufunc("subtract", [left, replace(other, scale=-second)], code)
        if first < 0:
            return self.ufunc("subtract", [replace(other, scale=second), replace(one, scale=-first)], code)
        return self.ufunc("add", [left, replace(other, scale=second)], code)

    def _add_literal(self, left: Value, right: Value, sign: float, code: Code) -> Value:
        if isinstance(left, View):
            literal = sign * float(right)  # type: ignore[arg-type]
            return (
                self.ufunc("add" if literal >= 0 else "subtract", [left, abs(literal)], code)
                if literal
                else left
            )
        if not isinstance(right, View):
            return left + sign * right
        scaled = replace(right, scale=sign * right.scale)
        if left == 0:
            return scaled
        if scaled.scale < 0:
            return self.ufunc("subtract", [left, replace(scaled, scale=-scaled.scale)], code)
        return self.ufunc("add", [scaled, left], code)

    def cast(self, value: Value, code: Code) -> Value:
        """The value as reals, integers or booleans."""
        if not isinstance(value, View) or self.program.code(value) == code:
            return value
        return self.ufunc("converted", [value], code)
