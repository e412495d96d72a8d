"""How is a repair written? In the claim's own names where they make it shorter; what they stand for is said."""

from __future__ import annotations

from dataclasses import replace

from symdiff.checking.formulas import formula_text
from symdiff.checking.local_names import local_names
from symdiff.checking.questions import Question
from symdiff.checking.regrouping import regrouped
from symdiff.errors import SymdiffError
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.proof.at_shape.zero_test import equal_at_shape
from symdiff.verdicts import Mistake

_LIMIT = 300
_SECONDS = 0.5
_MORE = 12  # characters that the meaning of a name may add


def in_own_names(question: Question, target: int, mistake: Mistake) -> Mistake:
    """A mistake whose repair is the derivative, with the derivative in names of the claim's own code."""
    truth = question.truth.outputs[target]
    plain, repair = formula_text(question.truth.store, truth, _LIMIT), mistake.repair
    if (
        repair is None
        or not local_names(question)
        or not (repair == plain or repair.endswith(f", or {plain}"))
    ):
        return mistake
    return replace(mistake, repair=repair.removesuffix(plain) + repair_text(question, truth))


def repair_text(question: Question, node: Node) -> str:
    """A node as a formula, in names of the claim's own code if that is shorter."""
    known: dict[Node, str] = question.__dict__.setdefault("repairs", {})
    if node not in known:
        known[node] = _text(question, node)
    return known[node]


def _text(question: Question, node: Node) -> str:
    store, names = question.truth.store, local_names(question)
    plain = formula_text(store, node, _LIMIT)
    if not names:
        return plain
    texts = [plain, formula_text(store, node, 10 * _LIMIT, told=names)]
    other = _regrouped(question, node)
    if other is not None:
        texts.append(formula_text(store, other, 10 * _LIMIT, told=names))
    fitting = [text for text in texts if len(text) <= min(_LIMIT, len(plain) + _MORE)]
    return min(fitting, key=lambda text: len(text.partition("  where ")[0]) + len(text))


def _regrouped(question: Question, node: Node) -> Node | None:
    """The same by named quantities, if that is proved."""
    store = question.truth.store

    def vanishes(part: Node) -> bool:
        zero = alg.constant(store, 0, store.shape(part))
        return bool(equal_at_shape(store, [part], [zero], seconds=_SECONDS / 10).equal)

    try:
        other = regrouped(store, node, local_names(question), vanishes)
        if other is None or store.shape(other) != store.shape(node):
            return None
        return other if equal_at_shape(store, [node], [other], seconds=_SECONDS).equal else None
    except SymdiffError:
        return None
