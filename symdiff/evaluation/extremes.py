"""Where is the largest entry? Maxima and their shares on object arrays, symbols included."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symdiff.errors import Undetermined
from symdiff.evaluation.arithmetics import SYMPY, Arithmetic


def over(x: NDArray[Any], axes: Sequence[int], function: Any) -> NDArray[Any]:
    """A function of lists over some axes, which are dropped."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    rows = x.transpose([*kept, *axes]).reshape(*(x.shape[axis] for axis in kept), -1)
    result = np.empty(rows.shape[:-1], dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = function(list(rows[place]))
    return result


def shares_of(x: NDArray[Any], axes: Sequence[int], arithmetic: Arithmetic) -> NDArray[Any]:
    """1 where the largest entry over some axes is, shared between ties, 0 elsewhere."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    order = [*kept, *axes]
    moved = x.transpose(order)
    rows = moved.reshape(*(x.shape[axis] for axis in kept), -1)
    shares = np.empty(rows.shape, dtype=object)
    for place in np.ndindex(rows.shape[:-1]):
        row = list(rows[place])
        shares[place] = _symbolic_shares(row) if arithmetic is SYMPY else _shares(row, arithmetic)
    return shares.reshape(moved.shape).transpose(np.argsort(order))


def _shares(row: Sequence[Any], arithmetic: Arithmetic) -> list[Any]:
    best = arithmetic.largest(row)
    winners = [arithmetic.equal(value, best) if value is not best else True for value in row]
    share, nothing = arithmetic.number(Fraction(1, sum(winners))), arithmetic.number(Fraction(0))
    return [share if won else nothing for won in winners]


def symbolic_maximum(row: Sequence[sp.Expr]) -> sp.Expr:
    """The maximum of symbols: the one that is not below any other."""
    choices = [(u, sp.And(*(u >= v for v in row if v is not u))) for u in row[:-1]]
    return sp.Piecewise(*choices, (row[-1], True))


def _symbolic_shares(row: Sequence[sp.Expr]) -> list[sp.Expr]:
    """Numbers and equal expressions share their ties exactly; other ties are left out."""
    try:
        return _shares(row, SYMPY)
    except Undetermined:
        pass
    wins = {u: sp.And(*(u > v for v in row if v != u)) for u in row}
    return [sp.Piecewise((sp.Rational(1, row.count(u)), wins[u]), (0, True)) for u in row]
