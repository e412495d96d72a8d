"""Is the claim the gradient of another loss, or the slope of another activation, whatever the function is made of?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy as sp

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.derivations import Derivation
from symdiff.checking.mistakes.functions import FUNCTIONS, gelu, gelu_tanh
from symdiff.checking.mistakes.ratios import is_simple, ratio
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.mistakes.wholes import scaled
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ARGUMENTS, Formula, formula, partial
from symdiff.ir.graph import Node
from symdiff.ir.ops import Input
from symdiff.ir.sizes import same_shape

Pair = Callable[[sp.Expr, sp.Expr], sp.Expr]

LOSSES: dict[str, Pair] = {
    "the squared error": lambda p, y: (p - y) ** 2 / 2,
    "the absolute error": lambda p, y: sp.Piecewise((p - y, p > y), (y - p, p < y), (0, True)),
    "the cross-entropy": lambda p, y: -y * sp.log(p),
    "the binary cross-entropy": lambda p, y: -y * sp.log(p) - (1 - y) * sp.log(1 - p),
    "the binary cross-entropy of logits": lambda p, y: sp.log(1 + sp.exp(p)) - y * p,
    "the logistic loss": lambda p, y: sp.log(1 + sp.exp(-y * p)),
    "the hinge loss": lambda p, y: sp.Piecewise((1 - y * p, y * p < 1), (0, True)),
    "the squared hinge loss": lambda p, y: sp.Piecewise(((1 - y * p) ** 2, y * p < 1), (0, True)),
    "the exponential loss": lambda p, y: sp.exp(-y * p),
    "the Poisson loss": lambda p, y: p - y * sp.log(p),
    "the Poisson loss of a logarithm": lambda p, y: sp.exp(p) - y * p,
    "the log-cosh loss": lambda p, y: sp.log(sp.cosh(p - y)),
    "the smooth absolute error": lambda p, y: sp.sqrt(1 + (p - y) ** 2),
    "the relative entropy": lambda p, y: p * sp.log(p / y),
}
_MORE: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    **FUNCTIONS,
    "GELU": gelu,
    "GELU by tanh": gelu_tanh,
    "softsign": lambda a: a / (1 + sp.Abs(a)),
    "the entropy": lambda a: a * sp.log(a),
    "mish": lambda a: a * sp.tanh(sp.log(1 + sp.exp(a))),
    "the bell curve": lambda a: sp.exp(-(a**2) / 2),
}


def other_losses(derivation: Derivation, screen: Screen) -> Iterator[Suspect]:
    """Simple multiples of the elementwise slope of a known loss or activation, at the argument itself."""
    store, question, x = derivation.store, derivation.question, derivation.x
    added = question.truth.inputs[len(question.forward.inputs) :]
    if question.of not in ("gradient", "vjp", "jvp") or len(added) > 1:
        return
    for name, f, operands in _candidates(derivation):
        slope = _slope(derivation, f, operands)
        if slope is None or not same_shape(store.shape(slope), store.shape(screen.claim)):
            continue
        if added:
            if not same_shape(store.shape(added[0]), store.shape(slope)):
                return
            slope = alg.multiply(store, slope, added[0])
        values = [(screen.value(k, screen.claim), screen.value(k, slope)) for k in range(len(screen))]
        c = ratio(values)
        if c is not None and c and is_simple(c):
            detail = f"this is the derivative of {name} by {formula_text(store, x, 40)}"
            yield Suspect(
                "wrong_function", detail, screen.claim, scaled(store, slope, c), place=x, reverse=True
            )


def _candidates(derivation: Derivation) -> Iterator[tuple[str, Formula, tuple[Node, ...]]]:
    store, x = derivation.store, derivation.x
    for name, scalar in _MORE.items():
        yield name, formula(scalar(ARGUMENTS[0]), 1), (x,)
    for other in derivation.question.forward.inputs:
        is_real = isinstance(store.op(other), Input) and store.kind(other) == "real"
        if other != x and is_real and same_shape(store.shape(other), store.shape(x)):
            for name, pair in LOSSES.items():
                yield name, formula(pair(ARGUMENTS[0], ARGUMENTS[1]), 2), (x, other)


def _slope(derivation: Derivation, f: Formula, operands: tuple[Node, ...]) -> Node | None:
    """The derivative of a formula by its first operand; None where that is a number, which anything may be."""
    store, local = derivation.store, partial(f, 0)
    if local.formula is None:
        return None
    own = [alg.apply(store, f, operands) if k == -1 else operands[k] for k in local.slots]
    return alg.apply(store, local.formula, own)
