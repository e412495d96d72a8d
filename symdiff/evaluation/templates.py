"""What does one formula compute, as source? SymPy's lambdify is asked once per formula and arithmetic."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from functools import cache
from typing import Literal

import sympy as sp

from symdiff.errors import NotCompilable, explain
from symdiff.evaluation.printers import MathPrinter, NumPyPrinter
from symdiff.evaluation.stable import stable_form
from symdiff.ir.formulas import Formula


@dataclass(frozen=True, slots=True)
class Source:
    """The body that lambdify wrote: temporaries, then the value."""

    temporaries: tuple[tuple[str, ast.expr], ...]
    result: ast.expr


@dataclass(frozen=True, slots=True)
class Step:
    """One array function; an operand is a literal, an argument's slot, or ``arity + k`` for step k."""

    function: str
    operands: tuple[int | float, ...]


@cache
def source(formula: Formula, arithmetic: Literal["numpy", "math"]) -> Source:
    """The Python source of a formula, from lambdify with our printer."""
    printer = NumPyPrinter() if arithmetic == "numpy" else MathPrinter()
    expression = stable_form(formula.expression)
    # sharing would evaluate both branches of a conditional expression, also where one is undefined
    share = not (arithmetic == "math" and expression.has(sp.Piecewise))
    try:
        written = sp.lambdify(formula.arguments, expression, modules=[{}], printer=printer, cse=share)
        (function,) = ast.parse(inspect.getsource(written)).body
    except (TypeError, ValueError, NotImplementedError, SyntaxError) as error:
        facts: dict[str, object] = {"formula": formula.expression, "reason": error}
        mend = "Write it with functions that SciPy or math has, or use the arithmetic 'mpmath'."
        raise NotCompilable(explain(f"compile({arithmetic!r})", facts, mend)) from error
    assert isinstance(function, ast.FunctionDef)
    temporaries: list[tuple[str, ast.expr]] = []
    for statement in function.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            temporaries.append((statement.targets[0].id, statement.value))
        elif isinstance(statement, ast.Return) and statement.value is not None:
            return Source(tuple(temporaries), statement.value)
    raise AssertionError("lambdify wrote no return")


_BINARY = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power"}
_BINARY[ast.Mod] = "remainder"


@cache
def array_steps(formula: Formula) -> tuple[tuple[Step, ...], int | float]:
    """A formula as array functions in order, without repetition, and which of them is the value.

    >>> from symdiff.ir.formulas import ARGUMENTS, formula
    >>> array_steps(formula(1 - ARGUMENTS[0] ** 2, 1))
    ((Step(function='square', operands=(0,)), Step(function='subtract', operands=(1.0, 1))), 2)
    """
    body = source(formula, "numpy")
    known: dict[str, int | float] = {f"a{k}": k for k in range(formula.arity)}
    steps: dict[Step, int] = {}
    for name, expression in body.temporaries:
        known[name] = _number(expression, known, steps, formula.arity)
    result = _number(body.result, known, steps, formula.arity)
    return tuple(steps), result


def _number(
    expression: ast.expr, known: dict[str, int | float], steps: dict[Step, int], arity: int
) -> int | float:
    """The slot that holds the value of an expression, after adding the steps that it needs."""

    def step(function: str, *parts: ast.expr) -> int:
        added = Step(function, tuple(_number(p, known, steps, arity) for p in parts))
        return steps.setdefault(added, arity + len(steps))

    match expression:
        case ast.Constant(value=(int() | float()) as value):
            return float(value)
        case ast.Name(id="inf" | "nan" as name):
            return float(name)
        case ast.Name(id=name):
            return known[name]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=(int() | float()) as value)):
            return -float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return step("negative", operand)
        case ast.BinOp(left=left, op=op, right=right):
            return step(_BINARY[type(op)], left, right)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return step(name, *arguments)
        case _:
            raise NotCompilable(
                explain(
                    "compile('numpy')", {"expression": ast.unparse(expression)}, "Register a simpler formula."
                )
            )


# Text for Python floats ------------------------------------------------------------------------------------

ATOM, POWER, PRODUCT, SUM, COMPARISON, LOGIC, CONDITION = 6, 5, 4, 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class Text:
    """A template ``"{0} + {1}"``: its binding strength, what each slot needs and how often it occurs."""

    form: str
    strength: int
    needs: tuple[int, ...]
    uses: tuple[int, ...]
    functions: tuple[str, ...] = ()
    conditional: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """Temporaries (each a Text in the arguments and earlier temporaries) and the value."""

    temporaries: tuple[Text, ...]
    result: Text


@cache
def scalar_text(formula: Formula) -> Body:
    """A formula as text templates; slot ``arity + k`` is temporary k."""
    body = source(formula, "math")
    slots = {f"a{k}": k for k in range(formula.arity)}
    texts: list[Text] = []
    for k, (name, expression) in enumerate(body.temporaries):
        texts.append(_text(expression, slots))
        slots[name] = formula.arity + k
    return Body(tuple(texts), _text(body.result, slots))


def _text(expression: ast.expr, slots: dict[str, int]) -> Text:
    needs, uses = [CONDITION] * len(slots), [0] * len(slots)
    strength, form = _write(expression, slots, needs, uses, CONDITION)
    condition = None
    match expression:
        case ast.IfExp(test=test, body=ast.Constant(value=1.0), orelse=ast.Constant(value=0.0)):
            condition = _write(test, slots, needs, [0] * len(slots), LOGIC)[1]
    called = {
        n.func.id for n in ast.walk(expression) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    return Text(form, strength, tuple(needs), tuple(uses), tuple(sorted(called)), condition)


_OPERATORS = {ast.Add: ("+", SUM), ast.Sub: ("-", SUM), ast.Mult: ("*", PRODUCT), ast.Div: ("/", PRODUCT)}
_OPERATORS |= {ast.Mod: ("%", PRODUCT), ast.Pow: ("**", POWER)}


def _write(
    expression: ast.expr, slots: dict[str, int], needs: list[int], uses: list[int], context: int
) -> tuple[int, str]:
    """Strength and text of an expression, in parentheses if it binds less than its context asks."""
    strength, text = _bare(expression, slots, needs, uses, context)
    return (ATOM, f"({text})") if strength < context else (strength, text)


def _bare(
    expression: ast.expr, slots: dict[str, int], needs: list[int], uses: list[int], context: int
) -> tuple[int, str]:
    def write(inner: ast.expr, need: int) -> str:
        return _write(inner, slots, needs, uses, need)[1]

    match expression:
        case ast.Name(id=name) if name in slots:
            slot = slots[name]
            needs[slot], uses[slot] = max(needs[slot], context), uses[slot] + 1
            return ATOM, f"{{{slot}}}"
        case ast.Constant() | ast.Name():
            return ATOM, ast.unparse(expression)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return PRODUCT, ast.unparse(expression)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return SUM, "-" + write(operand, PRODUCT)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return POWER, f"{write(left, ATOM)}**{write(right, ATOM)}"
        case ast.BinOp(left=left, op=op, right=right):
            sign, own = _OPERATORS[type(op)]
            tight = own + 1 if sign in "-/%" else own
            gap = " " if own == SUM else ""
            return own, f"{write(left, own)}{gap}{sign}{gap}{write(right, tight)}"
        case ast.Call(func=function, args=arguments):
            return ATOM, f"{ast.unparse(function)}({', '.join(write(a, CONDITION) for a in arguments)})"
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return COMPARISON, f"{write(left, SUM)} {_RELATIONS[type(op)]} {write(right, SUM)}"
        case ast.BoolOp(op=junction, values=values):
            word = " and " if isinstance(junction, ast.And) else " or "
            return LOGIC, word.join(write(v, COMPARISON) for v in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return LOGIC, f"not {write(operand, COMPARISON)}"
        case ast.IfExp(test=test, body=body, orelse=other):
            return CONDITION, f"{write(body, LOGIC)} if {write(test, LOGIC)} else {write(other, CONDITION)}"
        case _:
            raise NotCompilable(
                explain(
                    "compile('math')", {"expression": ast.unparse(expression)}, "Register a simpler formula."
                )
            )


_RELATIONS: dict[type[ast.cmpop], str] = {
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
