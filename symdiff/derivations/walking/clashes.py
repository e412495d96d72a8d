"""Would a page say one name of two things? Variables called like a number or a size of the formulas are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import sympy as sp

from symdiff.errors import InputError, explain
from symdiff.ir.formulas import ARGUMENTS
from symdiff.ir.graph import Graph, Node
from symdiff.ir.literals import read
from symdiff.ir.ops import Contract, Literal, Map

NUMBERS = {"pi": sp.pi, "E": sp.E, "e": sp.E}


def require_own_names(call: str, graph: Graph, names: Mapping[Node, str]) -> None:
    """Raise InputError where a quantity has the name of a number or of a size that stands in a formula."""
    taken = set(names.values())
    expressions = list(_expressions(graph))
    numbers = {
        name
        for name, number in NUMBERS.items()
        if name in taken and any(number in e.atoms(sp.NumberSymbol) for e in expressions)
    }
    sizes = {str(s) for e in expressions for s in e.free_symbols - {*ARGUMENTS} if str(s) in taken}
    for name in sorted(numbers | sizes):
        what = "number" if name in numbers else "length of an axis"
        raise InputError(
            explain(call, {"name": name}, f"Call the variable otherwise: {name} is also a {what} here.")
        )


def require_new_name(call: str, name: str, taken: Iterable[str]) -> None:
    """Raise InputError where a learning rate has no name, or that of another quantity."""
    if not name.isidentifier() or name in set(taken):
        mend = "Give the learning rate a name of its own, such as lr."
        raise InputError(explain(call, {"update": repr(name)}, mend))


def _expressions(graph: Graph) -> Iterator[sp.Expr]:
    """The numbers of a graph: literals, coefficients, and those in formulas."""
    for node in graph.nodes:
        op = graph.store.op(node)
        if isinstance(op, Literal):
            yield read(op.value)
        elif isinstance(op, Contract):
            yield sp.sympify(op.coefficient, strict=True)
        elif isinstance(op, Map):
            yield op.formula.expression
