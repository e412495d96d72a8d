"""How is a sum of many paths written? Paths of one kind are one sum over an index; parts of an array are a stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symdiff.derivations.layout.folding import Fold, Run, fold_of, runs
from symdiff.derivations.layout.provenance import DOTS, listed
from symdiff.derivations.layout.skeletons import Skeletons
from symdiff.derivations.steps import Derivation, Step
from symdiff.derivations.walking.labels import entry
from symdiff.derivations.writing.equations import equations
from symdiff.derivations.writing.formulas import formula
from symdiff.derivations.writing.notation import Equation
from symdiff.derivations.writing.symbols import index
from symdiff.ir.ops import Pad

FEWEST = 4  # terms that are written as one


@dataclass(frozen=True)
class Sum:
    """The equation of a step and its plain text."""

    equation: Equation
    formula: str


def summed(derivation: Derivation, step: Step) -> Sum | None:
    """A step with its terms taken together; None where too few are of one kind."""
    if len(step.terms) < FEWEST:
        return None
    stack = _stacked(derivation, step)
    if stack is not None:
        return stack
    told = list(_pieces(derivation, step))
    lefts = {piece.left for piece, _ in told}
    if len(told) == len(step.terms) or len(lefts) > 1:
        return None
    signs = ["", *("" if piece.right.startswith("-") else " + " for piece, _ in told[1:])]
    terms = tuple(sign + piece.right for sign, (piece, _) in zip(signs, told, strict=True))
    return Sum(Equation(lefts.pop(), "".join(terms), terms), " + ".join(text for _, text in told))


def _pieces(derivation: Derivation, step: Step) -> Iterator[tuple[Equation, str]]:
    """The terms in order, those of one kind as one."""
    singles = [
        replace(
            step, node=term.node, terms=(), factors=step.factors[k : k + 1], sources=(), rule="chain rule"
        )
        for k, term in enumerate(step.terms)
    ]
    skeletons = Skeletons(derivation)
    items = [skeletons.of(single) for single in singles]
    place = 0
    for run in runs(items, 1, 0, len(items)):
        fold = (
            fold_of(derivation, singles, items, run) if run.count >= FEWEST and run.start >= place else None
        )
        if fold is not None:
            yield from (_single(derivation, single) for single in singles[place : run.start])
            yield _over(derivation, fold)
            place = run.end
    yield from (_single(derivation, single) for single in singles[place:])


def _single(derivation: Derivation, step: Step) -> tuple[Equation, str]:
    return equations(derivation, [step])[0], formula(derivation, step)


def _over(derivation: Derivation, fold: Fold) -> tuple[Equation, str]:
    """``sum of dL_dh_l * h_(l-1) over l = 2, 3, ..., 12``."""
    equation, text = _single(fold.renamed(derivation), fold.rename(fold.lines[0]))
    is_open = len(equation.terms) > 1 or equation.right.startswith("-")
    right = rf"\left({equation.right}\right)" if is_open else equation.right
    values = sorted(fold.values)
    latex = rf"\sum_{{{index(fold.letter)} = {values[0]}}}^{{{values[-1]}}} {right}"
    return Equation(equation.left, latex), f"sum({text} for {fold.letter} = {listed(values)})"


def _stacked(derivation: Derivation, step: Step) -> Sum | None:
    """All entries along the first axis, each of them the derivative by its part."""
    store = derivation.graph.store
    parts: dict[int, Step] = {}
    for term in step.terms:
        op = store.op(term.node)
        if not isinstance(op, Pad) or (start := entry(op, op.shape)) is None:
            return None
        parts[start] = replace(
            step, node=store.operands(term.node)[0], terms=(), sources=(), rule="chain rule"
        )
    if sorted(parts) != list(range(len(step.terms))) or step.shape[0] != len(parts):
        return None
    singles = [parts[k] for k in sorted(parts)]
    skeletons = Skeletons(derivation)
    fold = fold_of(derivation, singles, [skeletons.of(one) for one in singles], Run(0, 1, len(parts)))
    if fold is None:
        return None
    equation, text = _single(fold.renamed(derivation), fold.rename(fold.lines[0]))
    over = f"{index(fold.letter)} = {listed(fold.values, DOTS)}"
    right = rf"\left({equation.right}\right)_{{{over}}}"
    told = f"stack({text} for {fold.letter} = {listed(fold.values)})"
    return Sum(Equation(equation.left, right, (right,)), told)
