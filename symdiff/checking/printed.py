"""Does a printed number agree with the exact one? To half a unit of its last printed digit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.arguments import parameters
from symdiff.checking.comparing import values
from symdiff.checking.questions import Question
from symdiff.checking.sampling import example_point
from symdiff.doors.tracing import trace_call
from symdiff.errors import InputError, explain
from symdiff.evaluation.arithmetics import BALLS, working_precision
from symdiff.ir.graph import Graph, Node
from symdiff.ir.literals import decimal, read

_BITS = 200
_EXTRA_DIGITS = 3
_MANY = 32  # entries of an array from which on it is data


@dataclass(frozen=True)
class PrintedValue:
    """One quantity as a text prints it, and as it is."""

    quantity: str
    printed: str
    recomputed: str
    agrees: bool
    exact: str


@dataclass(frozen=True)
class Printed:
    """Values that a text prints for named intermediates of a function; found by ``symdiff check``."""

    fn: Callable[..., Any]
    inputs: Any
    table: Mapping[str, Any]
    source: str | None = None

    def values(self) -> list[PrintedValue]:
        """Each printed value beside the recomputed one."""
        examples = parameters(self.fn, self.inputs)
        graph = trace_call(self.fn, (), examples, promote=frozenset(examples))
        return [recompute(graph, graph.node(name), examples, name, text) for name, text in self.table.items()]


def printed(
    fn: Callable[..., Any], inputs: Any, table: Mapping[str, Any], *, source: str | None = None
) -> Printed:
    """Declare what a text prints for the named intermediates of ``fn`` at ``inputs``.

    The values are strings, which keep their digits; nested lists of strings for arrays.

    >>> import numpy as np, symdiff as sd
    >>> def f(x): return sd.name(np.tanh(x), "a")
    >>> printed(f, (1.0,), {"a": "0.7616"}).values()[0].agrees
    True
    """
    return Printed(fn, inputs, table, source)


def recompute(
    graph: Graph, node: Node, examples: Mapping[str, Any], quantity: str, text: Any
) -> PrintedValue:
    """Compare a printed value, or a nested list of them, with the exact value of a node."""
    point = exact_point(graph, examples)
    with working_precision(_BITS):
        found = values(graph.store, [node], point)
        return compared(quantity, text, None if found is None else found[0])


def compared(quantity: str, text: Any, found: Any) -> PrintedValue:
    """A printed value, or a nested list of them, beside the balls of the exact one; None where there is no value."""
    shown = np.array(text, dtype=object)
    if found is None or found.shape != shown.shape:
        facts: dict[str, object] = {
            "printed": shown.shape,
            "value": None if found is None else found.shape,
        }
        raise InputError(
            explain(f"printed value of {quantity}", facts, "Print an array of the value's shape.")
        )
    with working_precision(_BITS):
        pairs: list[tuple[str, Any]] = [(str(shown[i]), found[i]) for i in np.ndindex(shown.shape)]
        agree = all(_agrees(p, ball) for p, ball in pairs)
        recomputed = _shaped([_rounded(p, ball) for p, ball in pairs], shown.shape)
        exact = _shaped([ball.str(20, radius=False) for _, ball in pairs], shown.shape)
    return PrintedValue(quantity, _plain(shown), _plain(recomputed), agree, _plain(exact))


def exact_point(graph: Graph, examples: Mapping[str, Any]) -> dict[Node, Any]:
    """The example inputs as their author wrote them: 0.1 is one tenth."""
    tree = graph.arguments
    assert tree is not None
    named = zip(tree.keys, tree.children, strict=True)
    leaves = [leaf for name, child in named if name in examples for leaf in child.leaves(examples[name])]
    point = example_point(graph, dict(zip(graph.inputs, leaves, strict=False)))
    return {k: _read_exactly(v) for k, v in point.items()}


def _shaped(texts: list[str], shape: tuple[int, ...]) -> NDArray[Any]:
    result = np.empty(len(texts), dtype=object)
    result[:] = texts
    return result.reshape(shape)


def claim_value(question: Question, target: int, text: Any) -> PrintedValue:
    """The printed value of a claim beside the true derivative at the claim's inputs."""
    return recompute(
        question.truth, question.truth.outputs[target], question.examples, question.targets[target], text
    )


def _read_exactly(array: Any) -> Any:
    """Inputs as the author wrote them: 0.1 is one tenth; in large arrays, which are data, decimals only."""
    is_data = array.size > _MANY

    def exactly(value: Any) -> Fraction:
        typed = decimal(float(value))
        if typed is not None or is_data:
            return Fraction(value) if typed is None else typed
        number = read(float(value))
        return Fraction(int(number.p), int(number.q)) if number.is_Rational else Fraction(value)

    result = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        result[place] = exactly(array[place])
    return result


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", "").replace(" ", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        mend = "Write a decimal number: '0.168202', '-4.584e-5'."
        raise InputError(explain(f"printed={text!r}", {"text": text}, mend))
    return number


def _agrees(text: str, ball: Any) -> bool:
    shown = _decimal(text)
    unit = Fraction(10) ** int(shown.as_tuple().exponent)
    gap = abs(ball - _fraction(Fraction(shown)))
    return bool(gap <= _fraction(unit / 2 + unit / 1000))


def _fraction(value: Fraction) -> Any:
    return BALLS.number(value)


def _rounded(text: str, ball: Any) -> str:
    """The exact value with three digits more than were printed."""
    shown = _decimal(text)
    places = -int(shown.as_tuple().exponent) + _EXTRA_DIGITS
    value = Decimal(ball.str(30, radius=False)) if ball.is_finite() else Decimal("NaN")
    if value.is_nan():
        return "undefined"
    rounded = value.quantize(Decimal(1).scaleb(-places))
    return f"{rounded:E}" if "e" in text.lower() else str(rounded)


def _plain(array: Any) -> str:
    return str(array.tolist()).replace("'", "") if array.shape else str(array[()])
