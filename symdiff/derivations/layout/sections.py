"""How does a derivation become lines? Step by step; what repeats once, and long formulas with names for their parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from symdiff.derivations.kinds import structure
from symdiff.derivations.layout.folding import Fold, folds
from symdiff.derivations.layout.lines import PAGE, Block, Definition, Line, Over, Section, width
from symdiff.derivations.layout.provenance import DOTS, all_sources, listed, sources
from symdiff.derivations.layout.shortening import Shortener
from symdiff.derivations.layout.sums import summed
from symdiff.derivations.steps import Derivation, Step
from symdiff.derivations.values import rounded
from symdiff.derivations.walking.labels import entry
from symdiff.derivations.writing.equations import equations
from symdiff.derivations.writing.formulas import formula
from symdiff.derivations.writing.notation import Equation
from symdiff.derivations.writing.symbols import index, symbol
from symdiff.ir.ops import Input, Slice
from symdiff.pages.latex import escape

TITLES = {
    "forward": "Forward",
    "backward": "Backward",
    "projection": "Projection on the direction",
    "second backward": "Second backward",
    "update": "Update",
}
MOST = 12  # entries of a value that are shown


def shown(
    derivation: Derivation, digits: int, most: int = MOST, *, folded: bool = True, indices: bool = False
) -> tuple[Section, ...]:
    """The sections of a derivation; values of more than ``most`` entries are left out.

    Steps that repeat are one block with an index, unless ``folded`` is false. With ``indices`` a formula in matrix
    notation also stands in index notation.
    """
    whole = with_origins(derivation)
    found = {fold.first: fold for fold in (folds(whole) if folded else ())}
    inside = {number for fold in found.values() for number in range(fold.first, fold.last + 1)}
    sections = []
    for phase in dict.fromkeys(step.phase for step in whole.steps):
        blocks: list[Block] = []
        for is_folded, steps in groupby(whole.phase(phase), lambda step: step.number in inside):
            group = list(steps)
            if is_folded:
                starts = [found[step.number] for step in group if step.number in found]
                blocks += [_folded(whole, fold, digits, indices) for fold in starts]
            else:
                blocks.append(Block(tuple(_lines(whole, group, digits, most, indices))))
        sections.append(Section(TITLES.get(phase, phase.capitalize()), tuple(blocks)))
    return tuple(sections)


def with_origins(derivation: Derivation) -> Derivation:
    """Parts of arguments say what they are there: ``W_1`` is ``params[0][0]``, or ``W[0]`` of a stack of matrices."""
    return replace(derivation, steps=tuple(_with_origin(derivation, step) for step in derivation.steps))


def _with_origin(derivation: Derivation, step: Step) -> Step:
    store = derivation.graph.store
    op = store.op(step.node)
    if step.rule == "input" and isinstance(op, Input) and op.name != step.quantity:
        return replace(step, formula=op.name)
    if step.rule == "definition" and isinstance(op, Slice):
        (source,) = store.operands(step.node)
        place = entry(op, store.shape(source))
        if place is not None and source in derivation.names:
            kind = structure(step.shape[1:])
            return replace(
                step,
                rule="input",
                formula=f"{derivation.names[source]}[{place}]",
                structure=kind,
                products=(),
            )
    return step


def _lines(
    derivation: Derivation, steps: Sequence[Step], digits: int, most: int, indices: bool
) -> Iterator[Line]:
    for step, line in zip(steps, _written(derivation, steps, indices), strict=True):
        is_short = step.value is not None and step.value.size <= most
        yield replace(
            line,
            number=str(step.number),
            value=rounded(step.value, digits) if is_short else "",
            sources=sources(derivation, step),
            printed=step.printed,
            remarks=tuple(getattr(step, "remarks", ())),
        )


def _folded(derivation: Derivation, fold: Fold, digits: int, indices: bool) -> Block:
    """The lines of one member, with the index in their names and the numbers and values of all members."""
    renamed = fold.renamed(derivation)
    start = fold.lines[0].number - 1
    written = _written(renamed, renamed.steps[start : start + len(fold.lines)], indices)
    alike = zip(*fold.members(derivation), strict=True)
    lines = []
    for line, shown_step, steps in zip(written, fold.lines, alike, strict=True):
        saved = [value for value, step in zip(fold.values, steps, strict=True) if step.saved]
        is_mixed = 0 < len(saved) < len(steps)
        lines.append(
            replace(
                line,
                number=listed([step.number for step in steps]),
                value=_values(steps, digits),
                sources=all_sources(derivation, shown_step.phase, fold.sources(derivation, shown_step)),
                saved=len(saved) == len(steps),
                remarks=(f"saved for {fold.letter} = {listed(saved)}",) if is_mixed else (),
            )
        )
    return Block(tuple(lines), _over(derivation, fold))


def _over(derivation: Derivation, fold: Fold) -> Over:
    plain = {step.quantity for step in derivation.steps if step.above is None}
    firsts = [(new, old) for new, old in fold.firsts.items() if old in plain]
    text, latex = listed(fold.values), listed(fold.values, DOTS)
    told = ", ".join(f"{new} = {old}" for new, old in firsts)
    formulas = ", ".join(f"{symbol(new)} = {symbol(old)}" for new, old in firsts)
    return Over(
        f"{fold.letter} = {text}" + (f", where {told}" if told else ""),
        f"{index(fold.letter)} = {latex}" + (rf", \; \text{{where}} \; {formulas}" if told else ""),
    )


def _values(steps: Sequence[Step], digits: int) -> str:
    """Numbers of all members, where they are single ones."""
    if any(step.value is None or step.value.size > 1 for step in steps):
        return ""
    return ", ".join(rounded(step.value, digits) for step in steps)


# Formulas ---------------------------------------------------------------------------------------------------


def _written(derivation: Derivation, steps: Sequence[Step], indices: bool) -> Iterator[Line]:
    """What each step says, without its value; parts that get names keep them in the steps that follow."""
    short = Shortener(derivation)
    found = list(equations(derivation, steps))
    beside = equations(derivation, steps, "index") if indices else found
    for k, step in enumerate(steps):
        total = summed(short.shortened, step)
        parts = () if total is not None or _fits(found[k]) else short.definitions(step)
        rest = equations(short.shortened, [*steps[k:], *parts]) if parts else ()
        found[k:] = rest[: len(steps) - k] or found[k:]
        meanings = zip(parts, rest[len(steps) - k :], strict=True)
        yield Line(
            number="",
            equation=_origin(step, found[k] if total is None else total.equation),
            quantity=quantity(step),
            formula=formula(short.shortened, step) if total is None else total.formula,
            beside=beside[k] if beside[k] != found[k] and total is None and not parts else None,
            where=tuple(Definition(e, part.quantity, formula(short.shortened, part)) for part, e in meanings),
            structure=step.structure,
            products=", ".join(step.products),
            saved=step.saved,
        )


def _fits(equation: Equation) -> bool:
    return all(width(term) <= PAGE for term in equation.terms or (equation.right,))


def _origin(step: Step, equation: Equation) -> Equation:
    is_part = step.rule == "input" and step.formula
    return replace(equation, right=rf"\texttt{{{escape(step.formula)}}}") if is_part else equation


def quantity(step: Step) -> str:
    """``dL/dz1`` for a derivative, the name for anything else."""
    if step.above is None or not step.quantity.startswith("d"):
        return step.quantity
    below = f"({step.below})" if step.quantity.endswith(f"({step.below})") else step.below  # of a derivative
    return f"d{step.above}/d{below}{' direct' if step.quantity.endswith('_direct') else ''}"
