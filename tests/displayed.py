"""Is what a derivation displays true? Each equation is read from its LaTeX and compared with its step's value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import latex_reader as reader
import numpy as np
import sympy as sp

from symdiff.derivations.steps import Derivation
from symdiff.derivations.writing.equations import equations, symbols
from symdiff.derivations.writing.notation import Equation
from symdiff.derivations.writing.symbols import Symbol, symbol
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.ops import Input
from symdiff.ir.sizes import substitute, symbols_of

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Fault:
    """An equation that does not say what its step computes."""

    style: str
    equation: Equation
    reason: str

    def __str__(self) -> str:
        return f"[{self.style}] {self.equation}\n    {self.reason}"


def faults(
    derivation: Derivation,
    given: Mapping[str, Any] | None = None,
    styles: Sequence[str] = ("matrix", "index"),
    seed: int = 0,
    positive: bool = False,
) -> Iterator[Fault]:
    """The displayed equations of a derivation that are wrong or cannot be read; inputs are random if not given."""
    values, known = valued(derivation, given or {}, np.random.default_rng(seed), positive)
    for style in styles:
        for step, equation in zip(derivation.steps, equations(derivation, style=style), strict=True):  # type: ignore[arg-type]
            if not equation.right:
                continue
            reason = judged(equation, known, values[step.quantity])
            if reason:
                yield Fault(style, equation, reason)


def judged(equation: Equation, known: Sequence[reader.Quantity], value: Any) -> str:
    """What is wrong with an equation; empty if it is right."""
    try:
        left, right = reader.read(equation.left, equation.right, known)
    except reader.Unreadable as error:
        return f"{type(error).__name__}: {error}"
    finite = np.isfinite(left)
    if left.size != np.size(value) or not np.array_equal(np.isfinite(np.asarray(value)).sum(), finite.sum()):
        return "the left side is not the quantity"
    if not finite.all():
        return "the value is not finite"
    scale = 1 + np.abs(left).max(initial=0.0)
    if not np.all(np.abs(left - right) <= TOLERANCE * scale):
        return f"{np.ravel(right)[:4]} instead of {np.ravel(left)[:4]}"
    return ""


def _writer(shown: Symbol, shape: Sequence[int]) -> Callable[[str], str]:
    """How its entries are written: the first axes of a Jacobian are indices above, the others below."""
    is_above, is_below = (any(n != 1 for n in part) for part in (shape[: shown.rank], shape[shown.rank :]))
    return lambda index: shown.at(index if is_below else "", index if is_above else "")


def _sizes(names: Sequence[sp.Symbol], least: int) -> dict[sp.Symbol, int]:
    """Small sizes that differ from their neighbours."""
    return {name: least + k % 5 for k, name in enumerate(names)}


def valued(
    derivation: Derivation, given: Mapping[str, Any], rng: Any, positive: bool
) -> tuple[dict[str, Any], list[reader.Quantity]]:
    """The value of each quantity at random inputs, and what the reader is told."""
    graph = derivation.graph
    store = graph.store
    shapes = [store.shape(node) for node in graph.inputs]
    names = sorted({s for shape in shapes for s in symbols_of(shape)}, key=str)
    every = [
        size for node in store.ancestors([s.node for s in derivation.steps]) for size in store.shape(node)
    ]
    sizes = next(
        chosen
        for least in range(2, 12)
        for chosen in [_sizes(names, least)]
        if all(isinstance(size, int) or int(substitute(size, chosen)) > 1 for size in every)
    )
    inputs = []
    for node in graph.inputs:
        op = store.op(node)
        assert isinstance(op, Input)
        shape = [int(substitute(size, sizes)) for size in op.shape]
        if op.name in given:
            inputs.append(np.asarray(given[op.name]))
        elif op.kind == "real":
            inputs.append(rng.uniform(0.1, 0.9, shape) if positive else rng.normal(size=shape))
        else:
            inputs.append(rng.integers(0, 2, shape))
    nodes = [step.node for step in derivation.steps]
    with np.errstate(all="ignore"):
        found = compile_kernel(graph.with_outputs([*nodes, *graph.inputs])).flat(inputs)
    values = {step.quantity: value for step, value in zip(derivation.steps, found, strict=False)}
    for node, value in zip(graph.inputs, found[len(nodes) :], strict=True):
        op = store.op(node)
        assert isinstance(op, Input)
        values.setdefault(op.name, value)
    told = symbols(derivation)
    is_apart = any(step.factors and np.ndim(values[step.quantity]) for step in derivation.steps)
    known = []
    for key, value in values.items():
        shown = told.get(key, Symbol(key))
        is_jacobian = is_apart and shown.above is not None
        known.append(reader.quantity(key, _writer(shown, np.shape(value)), value, is_jacobian=is_jacobian))
    known += [
        reader.quantity(f"size {name}", lambda index, name=name: symbol(str(name), index), size)
        for name, size in sizes.items()
    ]
    return values, known
