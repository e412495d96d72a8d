"""Which of the kinds that fit is said? What explains the whole claim, then the most specific, then guesses."""

from __future__ import annotations

from symdiff.checking.formulas import formula_text
from symdiff.checking.mistakes.formula_edits import EXCHANGED
from symdiff.checking.mistakes.kinds import rank
from symdiff.checking.mistakes.suspects import Suspect
from symdiff.checking.questions import Question
from symdiff.checking.repairs import repair_text
from symdiff.ir.graph import Node
from symdiff.verdicts import Mistake


def chosen(question: Question, target: int, fitting: list[Suspect], assumed: Mistake | None) -> Mistake:
    """What explains the claim as a whole, then the most specific kind, then guesses."""
    ordered = sorted(fitting, key=lambda s: (-s.strength, _order(s, fitting)))
    store = question.truth.store
    derived = formula_text(store, question.truth.outputs[target])
    second = ("second_order",) if question.of in ("hessian", "hvp") else ()
    kinds = list(dict.fromkeys(s.kind for s in ordered))
    strong = bool(ordered and ordered[0].strength and rank(ordered[0].kind) <= rank("second_order"))
    is_special = (
        assumed is not None and assumed.kind == "assumption" and "domain=" not in (assumed.repair or "")
    )
    if assumed is not None and is_special and second and not strong:
        detail = f"the second derivative is wrong: {assumed.detail}"
        return Mistake("second_order", detail, derived, alternatives=("assumption", *kinds))
    if assumed is not None and _goes_before(assumed, ordered):
        others = tuple(sorted({*assumed.alternatives, *kinds} - {assumed.kind}, key=rank))
        return Mistake(assumed.kind, assumed.detail, assumed.repair, assumed.where, others)
    if not ordered:
        if second:
            detail = "the second derivative is wrong, in none of the known ways"
            return Mistake("second_order", detail, derived)
        return Mistake("unknown", "no known mistake explains the difference", derived)
    best = ordered[0]
    if second and (not best.strength or rank(best.kind) > rank("second_order")):
        detail = f"the second derivative is wrong: {best.detail}"
        return Mistake("second_order", detail, derived, place_of(question, target, best.place), tuple(kinds))
    repair = best.repair or (repair_text(question, best.right) if best.mended else derived)
    more = (assumed.kind, *assumed.alternatives) if assumed is not None else ()
    others = tuple(sorted({*kinds, *second, *more} - {best.kind}, key=rank))
    where = place_of(question, target, best.place)
    if not best.mended:  # the mistake was made on the way to the claim: there it has to be mended
        where = question.claim_line(target) or where
    return Mistake(best.kind, best.detail, repair, where, others)


def _order(suspect: Suspect, fitting: list[Suspect]) -> int:
    """The place of a kind; along another axis is said of a sum whose operand could be transposed instead."""
    kinds = {s.kind for s in fitting if s.strength == suspect.strength}
    if suspect.bypass and suspect.kind in ("upstream", "chain", "swapped") and "missing_path" in kinds:
        return rank("missing_path") + 1
    if suspect.bypass and suspect.kind == "sign" and "swapped" in kinds:
        return rank("swapped") + 1  # 1 - s(z) for s(z): also s(-z)
    if suspect.kind == "threshold" and any(
        s.detail.endswith(EXCHANGED) and s.kind == "swapped" for s in fitting
    ):
        return rank("swapped") + 1
    if suspect.kind == "transpose" and "wrong_axis" in kinds:
        return rank("wrong_axis") + 1
    return rank(suspect.kind)


def _goes_before(assumed: Mistake, ordered: list[Suspect]) -> bool:
    """Whether the missing assumption says more than the best of what else fits."""
    if not ordered or not ordered[0].strength:
        return True
    if ordered[0].reverse and rank(assumed.kind) <= rank(ordered[0].kind):
        return True
    if assumed.kind == "symmetry" and any(
        s.kind == "transpose" and s.strength and not s.reverse for s in ordered
    ):
        return False
    if ordered[0].strength == 2 or (assumed.kind == "assumption" and ordered[0].kind in ("sign", "factor")):
        return False
    return rank(assumed.kind) < rank(ordered[0].kind)


def place_of(question: Question, target: int, node: Node | None) -> str | None:
    """The line of the claim at which a node was written, otherwise that of the function."""
    if node is None:
        return question.claim_line(target)
    return question.places.get(node) or question.truth.store.where.get(node) or None
