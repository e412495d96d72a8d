"""What does a step say as an equation? Its quantity, and its formula in the notation of matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from symdiff.derivations.elementwise import DEFINITIONS
from symdiff.derivations.notation import Notation
from symdiff.derivations.steps import Derivation, Step
from symdiff.derivations.symbols import derivative, symbol
from symdiff.ir.ops import Input, Named


@dataclass(frozen=True)
class Equation:
    """Left and right side of a step in LaTeX; the right side of an input is empty."""

    left: str
    right: str

    def __str__(self) -> str:
        """``z = W x + b``."""
        return f"{self.left} = {self.right}" if self.right else self.left


def equations(derivation: Derivation, steps: Sequence[Step] | None = None) -> tuple[Equation, ...]:
    """One equation for each step, or for some of them."""
    symbols = {step.quantity: left(step) for step in derivation.steps}
    names = {node: symbols.get(name, symbol(name)) for node, name in derivation.names.items()}
    notation = Notation(derivation.graph.store, names)
    return tuple(
        Equation(symbols[step.quantity], _right(step, derivation, symbols, notation))
        for step in (derivation.steps if steps is None else steps)
    )


def definitions(derivation: Derivation, told: Iterable[Equation] | None = None) -> tuple[str, ...]:
    """What the named functions of the formulas stand for, or of some of them."""
    text = " ".join(equation.right for equation in (equations(derivation) if told is None else told))
    return tuple(meaning for name, meaning in DEFINITIONS.items() if name in text)


def left(step: Step) -> str:
    """The quantity of a step."""
    if step.above is None or step.below is None or not step.quantity.startswith("d"):
        return symbol(step.quantity)
    whole = derivative(step.above, step.below)
    return rf"\left.{whole}\right|_{{\text{{direct}}}}" if step.quantity.endswith("_direct") else whole


def _right(step: Step, derivation: Derivation, symbols: dict[str, str], notation: Notation) -> str:
    store, names = derivation.graph.store, derivation.names
    if step.rule in ("input", "seed"):
        return ""
    if step.rule == "gradient descent":
        old, slope = (symbols[derivation.steps[k - 1].quantity] for k in step.sources)
        rate = symbol(derivation.graph.input_names[-1])
        return rf"{old} - {rate} \, {slope}"
    if step.factors:
        return " + ".join(r" \, ".join(symbols[name] for name in product) for product in step.factors)
    if step.terms:
        return " + ".join(notation.formula(term.node) for term in step.terms)
    node = step.node
    if names.get(node, step.quantity) != step.quantity or isinstance(store.op(node), Input):
        return symbols.get(names.get(node, ""), symbol(names.get(node, "")))
    if isinstance(store.op(node), Named):
        inner = store.operands(node)[0]
        other = names.get(inner, step.quantity)
        return notation.formula(inner) if other == step.quantity else symbols[other]
    return notation.formula(node)
