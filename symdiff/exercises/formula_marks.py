"""Is the formula of a cell right? In terms of earlier quantities, or with their definitions put in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symdiff.derivations.steps import Step
from symdiff.doors.tensors import Tensor
from symdiff.exercises.comparing import Equal, Judge
from symdiff.exercises.grammar import parse
from symdiff.exercises.interpreting import interpret
from symdiff.exercises.marks import EMPTY, RIGHT, Mark, Status
from symdiff.exercises.numbers import is_empty
from symdiff.exercises.quantities import Unfitting, fitted
from symdiff.exercises.trees import Formula, Name, Number, names
from symdiff.exercises.unreadable import Unreadable
from symdiff.ir.graph import Node

_LEADING = re.compile(r"^\s*[^\W\d][\w/]*\s*=(?!=)")


@dataclass(frozen=True)
class FormulaMark:
    """The mark of a formula; ``tree`` is what was read, None where nothing was."""

    mark: Mark
    tree: Formula | None = None

    @property
    def used(self) -> tuple[str, ...]:
        """The quantities that the formula names."""
        return () if self.tree is None else tuple(dict.fromkeys(names(self.tree)))


class FormulaJudge:
    """Marks the formulas of one sheet, from the first row to the last; ``own`` are the wrong ones so far."""

    def __init__(self, judge: Judge) -> None:
        self.judge, self.quantities = judge, judge.quantities
        self.own: dict[str, Formula] = {}
        self._followed: Mapping[str, Tensor] | None = None

    def mark(self, step: Step, text: str, key: str) -> FormulaMark:
        """The mark of one cell, whose right formula is ``key``."""
        if is_empty(text):
            return FormulaMark(EMPTY)
        shown = _LEADING.sub("", text).strip().strip("_")
        is_key = "".join(shown.split()) == "".join(key.split())
        try:
            tree = parse(shown, self.quantities.known(step), self.quantities.plain)
            mark = self._judged(step, tree)
        except Unfitting as error:
            return FormulaMark(Mark("wrong", str(error)))
        except Unreadable as error:
            return FormulaMark(RIGHT if is_key else Mark("unreadable", str(error)))
        if mark.status == "agrees" and is_key:
            mark = RIGHT
        if mark.status in ("wrong", "follows"):
            self.own[step.quantity], self._followed = tree, None
        return FormulaMark(mark, tree)

    def node(self, step: Step, tree: Formula) -> Node:
        """The node of a formula over the quantities."""
        q = self.quantities
        return fitted(interpret(tree, q.plain, q.recording), q.plain[step.quantity]).own

    def _judged(self, step: Step, tree: Formula) -> Mark:
        q = self.quantities
        like = q.plain[step.quantity]
        claimed = fitted(interpret(tree, q.plain, q.recording), like)
        as_it_stands = self.judge.equal(q.rules[step.quantity].own, claimed.own)
        if as_it_stands.answer == "proved":
            return _held(as_it_stands, "")
        put_in = fitted(interpret(tree, q.expanded, q.recording), like)
        whole = self.judge.equal(q.expanded[step.quantity].own, put_in.own)
        if whole.answer == "proved" or (whole.holds and not as_it_stands.holds):
            return _held(whole, "with the definitions put in")
        if as_it_stands.holds and whole.answer != "differs":
            return _held(as_it_stands, "")
        follows = self._follows(step, tree)
        if follows.holds:
            return _held(follows, "right with your earlier formulas", "follows")
        if "unknown" in (whole.answer, as_it_stands.answer):
            return Mark("unreadable", "it could not be compared with the right formula")
        return Mark("wrong", self._reason(step, tree, put_in, whole))

    def _follows(self, step: Step, tree: Formula) -> Equal:
        """Whether the formula is what the right one becomes with the student's earlier formulas put in."""
        if not self.own:
            return Equal("differs")
        q, found = self.quantities, self.followed
        claimed = fitted(interpret(tree, found, q.recording), q.plain[step.quantity])
        return self.judge.equal(q.follow(step, found).own, claimed.own)

    @property
    def followed(self) -> Mapping[str, Tensor]:
        """Each quantity in terms of the inputs as the student's formulas have it."""
        if self._followed is None:
            self._followed = self.quantities.expand(self.own)
        return self._followed

    # Reasons ----------------------------------------------------------------------------------------------------

    def _reason(self, step: Step, tree: Formula, claimed: Tensor, whole: Equal) -> str:
        """What the formula is instead, where one of a few usual slips explains it."""
        truth = self.quantities.expanded[step.quantity]
        if whole.answer == "undefined":
            return "it has no value for some inputs"
        if self.judge.equal_as_given(truth.own, claimed.own):
            return "right only at the given numbers, not in general"
        for told, wrong in (*self._slips(step, truth), *self._others(step, truth, tree)):
            if wrong.shape == claimed.shape and self.judge.equal(wrong.own, claimed.own, prove=False).holds:
                return told
        return ""

    def _slips(self, step: Step, truth: Tensor) -> Iterator[tuple[str, Tensor]]:
        expanded = self.quantities.expanded
        yield "minus the right formula", -truth
        yield "twice the right formula", 2 * truth
        yield "half the right formula", truth / 2
        if len(truth.shape) == 2 and truth.shape[0] == truth.shape[1]:
            yield "the right matrix, transposed", truth.T
        for name in dict.fromkeys(name for product in step.factors for name in product):
            if len(step.factors) == 1:
                rest = [expanded[other] for other in step.factors[0] if other != name]
                for factor in rest[:1] if len(rest) == 1 else ():
                    yield f"the factor {name} is missing", factor
        for product in step.factors if len(step.factors) > 1 else ():
            share = expanded[product[0]]
            for name in product[1:]:
                share = share * expanded[name]
            yield f"the path {' * '.join(product)} is missing", truth - share

    def _others(self, step: Step, truth: Tensor, tree: Formula) -> Iterator[tuple[str, Tensor]]:
        """Another quantity under this name; a formula that is a name or a number says so itself."""
        if not isinstance(tree, (Name, Number)):
            for other, tensor in self.quantities.expanded.items():
                if other != step.quantity and tensor.shape == truth.shape:
                    yield f"that is {other}", tensor


def _held(equal: Equal, how: str, status: Status = "right") -> Mark:
    """The mark of what holds: how sure it is, and what was left out, in a few words."""
    is_proved = equal.answer == "proved"
    tested = "" if is_proved else "tested at points, not proved"
    told = "; ".join(part for part in (how, tested, *equal.assumptions[:2]) if part)
    return Mark(status if is_proved else "agrees", told)
