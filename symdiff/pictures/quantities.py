"""Which boxes and arrows show a derivation? Quantities with values and gradients, and what flows back between them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from itertools import islice

from symdiff.derivations.layout.folding import folds
from symdiff.derivations.steps import Derivation, Step, Term
from symdiff.derivations.values import Value, rounded
from symdiff.derivations.writing.equations import Equation, equations
from symdiff.derivations.writing.symbols import index, symbol
from symdiff.pictures.boxes import Arrow, Box, Drawing, Kind, Line
from symdiff.pictures.repeating import repeated
from symdiff.pictures.shortening import MOST, Band, shortened
from symdiff.pictures.svg import render
from symdiff.pictures.typesetting import Text, joined, plain, typeset, wrapped

_BITS = 200
_MANY = 4  # entries of a value that are shown
_NAME = 185.0
_ROOM = 110.0
_LINE = 118.0  # pixels of a formula before it is broken
_LINES = 3
_PATHS = 3  # terms of a sum over paths that are shown in it
_FORMULA = 12.0
_POWER = re.compile(r"(\d+(?:\.\d*?[1-9])?)\.?0*E([+-]?\d+)")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def to_svg(derivation: Derivation, digits: int = 4) -> str:
    """The computation graph with values and derivatives as one SVG; the same derivation gives the same text.

    >>> from symdiff.derivations.deriving import derive
    >>> picture = to_svg(derive(lambda x: x**2, {"x": 3.0}))
    >>> "computation graph of" in picture.lower(), "<script" in picture
    (True, False)
    """
    return render(drawing(derivation, digits))


def drawing(derivation: Derivation, digits: int = 4) -> Drawing:
    """The graph of a derivation: a box for each quantity, an arrow to each one that is made of it."""
    return _Picture(derivation, digits).drawing()


class _Picture:
    """What is known of the steps while they are drawn."""

    def __init__(self, derivation: Derivation, digits: int) -> None:
        self.derivation, self.digits = derivation, digits
        self.forward = {s.number: s for s in derivation.phase("forward")}
        self.output = derivation.names[derivation.graph.outputs[0]]
        told = zip(derivation.steps, equations(derivation), strict=True)
        self.told: dict[str, Equation] = {step.quantity: equation for step, equation in told}
        self.literal = {
            latex: name for name in derivation.names.values() if (latex := symbol(name)).startswith(r"\text")
        }

    @cached_property
    def back(self) -> dict[str, Step]:
        """The derivative by each quantity: the last one, after all of its paths have come in."""
        found = {}
        for step in self.derivation.phase("backward"):
            if step.rule == "seed":
                found[self.output] = step
            elif step.above == self.output and step.below and not step.quantity.endswith("_direct"):
                found[step.below] = step
        return found

    @cached_property
    def local(self) -> dict[tuple[str | None, str | None], Step]:
        """The local derivatives between scalars: of a quantity by one that it is made of."""
        steps = self.derivation.phase("backward")
        return {(s.above, s.below): s for s in steps if s.rule == "local derivative"}

    @cached_property
    def paths(self) -> dict[tuple[str, str], Term]:
        """The terms of sums over paths: what reaches a quantity through another."""
        return {(term.through, name): term for name, step in self.back.items() for term in step.terms}

    def drawing(self) -> Drawing:
        """Boxes, arrows, and words."""
        boxes = tuple(self.box(step) for step in self.forward.values()) or (self.only(),)
        title = f"Computation graph of {self.derivation.name}"
        drawn = Drawing(title, self.words(), boxes, tuple(self.arrows()))
        return replace(repeated(shortened(drawn, self.bands())), legend=tuple(self.legend()))

    def bands(self) -> list[Band]:
        """The members of a fold between its first and its last."""
        found = []
        for fold in folds(self.derivation):
            if fold.lines[0].phase == "forward":
                inner = [step for member in fold.members(self.derivation)[1:-1] for step in member]
                values = (
                    f" = {fold.values[1]}, …, {fold.values[-2]}" if len(inner) > 1 else f" = {fold.values[1]}"
                )
                letter = typeset(index(fold.letter))
                found.append(
                    Band({s.quantity for s in inner}, joined(plain("the same for "), letter, plain(values)))
                )
        return found

    def only(self) -> Box:
        """What a function shows that gives back its argument."""
        return Box(self.output, (Line(self.text(symbol(self.output)), 15),), "output")

    # Boxes --------------------------------------------------------------------------------------------------

    def box(self, step: Step) -> Box:
        """The name with its value or shape, the formula, the derivative."""
        kind: Kind = "output" if step.quantity == self.output else "quantity" if step.formula else "input"
        told = wrapped(joined(self.name(step.quantity), plain(self.worth(step))), 15, _NAME, 2)
        lines = [Line(line, 15) for line in told]
        if step.formula:
            lines += self.formula(self.told[step.quantity].right, "soft")
        found = self.back.get(step.quantity)
        if found is not None:
            lines += self.gradient(found)
        elif kind == "output" and self.back:
            itself = symbol(self.output)
            lines.append(
                Line(self.text(rf"\frac{{\partial {itself}}}{{\partial {itself}}} = 1"), _FORMULA, "back")
            )
        return Box(step.quantity, tuple(lines), kind, Line(self.name(step.quantity), 15))

    def name(self, quantity: str) -> Text:
        """A quantity as it is written."""
        return self.text(self.told[quantity].left)

    def text(self, latex: str) -> Text:
        """Mathematics on one line."""
        return typeset(latex, self.literal)

    def worth(self, step: Step) -> str:
        """`` = 2``, or the shape where there is no value or it is large."""
        value = self.value(step)
        if value:
            return f" = {value}"
        return f" : {' × '.join(map(str, step.shape))}" if step.shape else ""

    def value(self, step: Step) -> str:
        """The value of a step, if it has few entries."""
        if step.value is None or step.value.size > _MANY:
            return ""
        return signed(rounded(step.value, self.digits))

    def formula(self, latex: str, tone: str) -> list[Line]:
        """A formula, broken into lines; of a long one the beginning."""
        lines = wrapped(self.text(latex), _FORMULA, _LINE, _LINES)
        return [Line(line, _FORMULA, "soft" if tone == "soft" else "back") for line in lines]

    def gradient(self, step: Step) -> list[Line]:
        """The derivative by a quantity: its value, as a sum where several paths come in, or its formula."""
        told, value = self.told[step.quantity], self.value(step)
        shares = [self.share(term) for term in step.terms]
        if value:
            total = f" = {' + '.join(shares)}" if shares and all(shares) else ""
            if len(shares) > _PATHS:
                total = f" = sum of {len(shares)}"
            line = joined(self.text(told.left), plain(total.replace("+ −", "− ")), plain(f" = {value}"))
            return [Line(part, _FORMULA, "back") for part in wrapped(line, _FORMULA, _LINE + 10)]
        if not told.right or step.rule == "seed":
            return [Line(self.text(told.left), _FORMULA, "back")]
        if step.terms and all(self.alone(step, term) for term in step.terms):
            return [Line(joined(self.text(told.left), plain(f": {len(step.terms)} paths")), _FORMULA, "back")]
        return self.formula(f"{told.left} = {told.right}", "back")

    # Arrows -------------------------------------------------------------------------------------------------

    def arrows(self) -> Iterable[Arrow]:
        """From each quantity to those that are made of it, with what comes back."""
        for step in self.forward.values():
            for number in step.sources:
                source = self.forward[number].quantity
                heavy = source in self.back and step.quantity in (*self.back, self.output)
                lines = tuple(self.label(source, step.quantity)) if heavy else ()
                yield Arrow(source, step.quantity, lines, heavy)

    def label(self, source: str, target: str) -> Iterable[Line]:
        """The factor on this edge, and the share of the sum where several edges come back to one quantity."""
        step, term = self.local.get((target, source)), self.paths.get((target, source))
        if step is not None:
            value = self.value(step)
            shown = plain(value) if value else self.text(self.told[step.quantity].right)
            bounded = wrapped(shown, _FORMULA, 70)
            yield Line(
                joined(plain("× "), bounded[0], plain(" …" if len(bounded) > 1 else "")), _FORMULA, "back"
            )
        if term is not None and (share := self.share(term)):
            yield Line(plain(f"→ {share}"), _FORMULA, "back")
        elif term is not None and step is None and (shown := self.alone(self.back[source], term)):
            yield Line(shown, _FORMULA, "back")

    def alone(self, step: Step, term: Term) -> Text:
        """The formula of one path, if an arrow has room for it."""
        (told,) = equations(self.derivation, [replace(step, terms=(term,))])
        lines = wrapped(self.text(told.right), _FORMULA, _ROOM)
        return lines[0] if len(lines) == 1 else ()

    def share(self, term: Term) -> str:
        """The value of what comes along one path, if it is a number."""
        known = next(iter(self.forward.values())).value
        if known is None or self.derivation.graph.store.shape(term.node) != ():
            return ""
        balls = known.point.balls(term.node, _BITS)
        return "" if balls is None else signed(rounded(Value(balls, term.node, known.point), self.digits))

    # Words --------------------------------------------------------------------------------------------------

    def legend(self) -> Iterable[Line]:
        """What the colours say."""
        if not self.back:
            return
        values = " and their values" if self.has_values else ""
        yield Line(plain(f"forward: quantities{values}"), 12, "soft")
        told = joined(plain("backward: derivatives of "), self.text(symbol(self.output)))
        yield Line(joined(told, plain(", × local derivative" if self.local else "")), 12, "back")
        if self.paths and self.has_values:
            yield Line(plain("→ the share of one path in a sum"), 12, "back")

    @property
    def has_values(self) -> bool:
        """Whether numbers were given."""
        return any(step.value is not None for step in self.forward.values())

    def words(self) -> str:
        """The graph in words: each quantity with its formula, its value, its derivative."""
        told = []
        for step in islice(self.forward.values(), MOST):
            value, back = self.value(step), self.back.get(step.quantity)
            text = f"{step.quantity}{f' = {step.formula}' if step.formula else ''}{f' = {value}' if value else ''}"
            slope = self.value(back) if back else ""
            told.append(f"{text}{f', derivative {slope}' if slope else ''}")
        more = len(self.forward) - len(told)
        return "; ".join(told) + (f"; and {more} more." if more else ".")


def signed(number: str) -> str:
    """A number with a minus sign instead of a hyphen, and a power of ten as people write it.

    >>> signed("-2.50E-7")
    '−2.5·10⁻⁷'
    """
    found = _POWER.sub(lambda m: f"{m[1]}·10{str(int(m[2])).translate(_RAISED)}", number)
    return found.replace("-", "−")
