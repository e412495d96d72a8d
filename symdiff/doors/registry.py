"""How is a function that symdiff does not know made known? By its SymPy formula, in one line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import sympy as sp

from symdiff.doors.dispatching import RULES, Rule, name_of
from symdiff.doors.lifting import inexact, promote, real, spread
from symdiff.doors.recording import Recording
from symdiff.doors.tensors import Tensor
from symdiff.errors import InputError, explain
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ARGUMENTS, Formula, formula, piecewise

REGISTERED: dict[Any, Formula] = {}


def register(
    function: Callable[..., Any], expression: Callable[..., Any] | sp.Expr, *symbols: sp.Symbol
) -> None:
    """Give the formula of an elementwise function; from then on it is traced as one operation.

    ``expression`` is a function of SymPy symbols, or a SymPy expression with its ``symbols`` in the order of
    the arguments (alphabetical if they are not given). Its derivative is ``sympy.diff`` of the formula.

    >>> import numpy as np
    >>> def softplus(x):
    ...     return np.logaddexp(0, x)
    >>> register(softplus, lambda a: sp.log(1 + sp.exp(a)))
    """
    entry = _formula(function, expression, symbols)
    REGISTERED[function] = entry

    def act(recording: Recording, *values: Any) -> Tensor:
        nodes = spread(recording, [real(recording, value) for value in values])
        return Tensor(recording, alg.apply(recording.store, entry, nodes), inexact(promote(*values)))

    RULES[function] = Rule(act)


def _formula(function: Any, expression: Any, symbols: tuple[sp.Symbol, ...]) -> Formula:
    if isinstance(expression, sp.Expr):
        ordered = symbols or tuple(sorted(expression.free_symbols, key=str))
        arity = len(ordered)
        value = expression.xreplace(dict(zip(ordered, ARGUMENTS, strict=False)))
    elif callable(expression):
        arity = len(inspect.signature(expression).parameters)
        value = sp.sympify(expression(*ARGUMENTS[:arity]), strict=True)
    else:
        _refuse(function, f"a {type(expression).__name__}")
    free = value.free_symbols - set(ARGUMENTS[:arity])
    if free or not arity:
        _refuse(function, f"{value}, which has the free symbols {sorted(map(str, free))}")
    return formula(piecewise(value), arity)


def _refuse(function: Any, given: str) -> Any:
    raise InputError(
        explain(
            f"register({name_of(function)}, ...)",
            {"formula": given},
            "Give a function of SymPy symbols, such as lambda a: sp.log(1 + sp.exp(a)).",
        )
    )
