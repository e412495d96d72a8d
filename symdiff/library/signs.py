"""Which sign has a function, and which identities hold? Proved by symdiff itself, for every shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from symdiff.checking.checks import check
from symdiff.checking.domains import Domain
from symdiff.doors.tracing import trace
from symdiff.evaluation.entries import output_entries
from symdiff.verdicts import Evidence, Verdict

Function = Callable[..., Any]


def same(left: Function, right: Function, inputs: dict[str, str], domain: Domain | None = None) -> Verdict:
    """Whether two functions have the same value for every shape."""
    return check(left, right, inputs, of="value", domain=domain or {})


def positive(fn: Function, written: Function, *, strict: bool = True) -> Verdict:
    """Whether ``fn(x) > 0`` (``>= 0`` unless strict): it is proved equal to ``written``, whose sign is its form's.

    A square of real numbers is not negative, a product of positive numbers is positive, exp is: the rules of SymPy's
    assumptions.

    >>> positive(lambda x: np.cosh(x) - 1, lambda x: 2 * np.sinh(x / 2) ** 2, strict=False).status
    'proved'
    """
    equal = same(fn, written, {"x": "n"})
    formula = sp.sympify(np.asarray(output_entries(trace(written, ""))[0]).item(), strict=True)
    real = formula.xreplace({s: sp.Symbol(s.name, real=True) for s in formula.free_symbols})
    holds = real.is_positive if strict else real.is_nonnegative
    question = f"{getattr(fn, '__name__', 'f')}(x) {'>' if strict else '>='} 0 for every x"
    if not equal.ok or equal.status != "proved":
        return replace(equal, question=question)
    if not holds:
        reason = f"the sign of {real} cannot be read off"
        return Verdict("undecided", question, "nothing", equal.evidence, reason)
    roads = (*equal.evidence.roads, f"it equals {real}, whose sign is read off")
    return Verdict("proved", question, "every x", Evidence(roads))


def all_of(question: str, *verdicts: Verdict) -> Verdict:
    """One verdict for a statement of several parts: the first that is not proved, else proved."""
    roads = tuple(dict.fromkeys(road for verdict in verdicts for road in verdict.evidence.roads))
    wrong = next((verdict for verdict in verdicts if verdict.status != "proved"), None)
    if wrong is not None:
        return replace(wrong, question=question)
    scopes = dict.fromkeys(verdict.scope for verdict in verdicts)
    return Verdict("proved", question, "; ".join(scopes), Evidence(roads))
