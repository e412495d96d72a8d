"""Is a maximum no more than a shift? In a stable softmax nothing flows through it, so that its ties are no kinks."""

from __future__ import annotations

from symdiff import calculus
from symdiff.checking.comparing import compare
from symdiff.checking.effort import work
from symdiff.checking.questions import Question
from symdiff.checking.sampling import points
from symdiff.checking.witnesses import by_node
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.ir.ops import Maximum

_MOST_WORK = 5_000


def is_shift(question: Question, node: Node) -> bool:
    """Whether the derivative stays the same without what flows through a maximum, at a point drawn at random."""
    truth, forward = question.truth, question.forward
    store = truth.store
    if not isinstance(store.op(node), Maximum) or question.of not in ("gradient", "vjp"):
        return False
    if work(store, truth.outputs) > _MOST_WORK:
        return False
    given = truth.inputs[len(forward.inputs) :] or [alg.constant(store, 1)]
    seeds = dict(zip(forward.outputs, given, strict=True))
    leaves = [forward.node(leaf) for name in question.wrt for leaf in forward.leaf_names(name)]
    without = calculus.pull_back(store, seeds, leaves, blocked=frozenset({(node, 0)}))
    point = next(points(truth, by_node(question), {}, 11))
    return all(answer.outcome == "equal" for answer in compare(store, truth.outputs, without, point))
