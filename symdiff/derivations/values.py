"""Which values do the steps have at the inputs? Exact balls; none where a size is symbolic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from symdiff.checking.comparing import values
from symdiff.checking.printed import exact_point
from symdiff.derivations.steps import Step
from symdiff.evaluation.arithmetics import working_precision
from symdiff.ir.graph import Graph
from symdiff.ir.ops import Input

_BITS = 200
_DIGITS = 50


def exact_values(graph: Graph, examples: Mapping[str, Any], steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps with their values, as far as they follow from the inputs alone."""
    if any(isinstance(value, str) for value in examples.values()):
        return tuple(steps)
    known = set(graph.inputs)
    inside = [
        s for s in steps if known >= {n for n in graph.store.ancestors([s.node]) if _is_input(graph, n)}
    ]
    with working_precision(_BITS):
        found = values(graph.store, [step.node for step in inside], exact_point(graph, examples))
    if found is None:
        return tuple(steps)
    held = {step.number: value for step, value in zip(inside, found, strict=True)}
    return tuple(replace(step, value=held.get(step.number)) for step in steps)


def rounded(value: Any, digits: int) -> str:
    """A value to some significant digits, rounded from the exact one; arrays in brackets."""
    if value is None:
        return ""
    with working_precision(_BITS):
        if value.shape:
            return "[" + ", ".join(rounded(part, digits) for part in map(np.asarray, value)) + "]"
        return _number(value[()], digits)


def _number(ball: Any, digits: int) -> str:
    if not ball.is_finite():
        return "undefined"
    exact = Decimal(ball.mid().str(_DIGITS, radius=False))
    if exact == 0:
        return "0"
    unit = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    shown = exact.quantize(unit) if exact.adjusted() < digits else exact.to_integral_value()
    plain = -5 <= exact.adjusted() < digits + 3
    text = f"{shown:f}" if plain else f"{shown:E}"
    return text.rstrip("0").rstrip(".") if plain and "." in text else text


def _is_input(graph: Graph, node: int) -> bool:
    return isinstance(graph.store.op(node), Input)
