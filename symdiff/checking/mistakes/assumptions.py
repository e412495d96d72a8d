"""Is the claim right on a smaller domain that was not given? One-hot labels, symmetric matrices, positive numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from symdiff.checking.domains import Domain
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.ir.ops import Input
from symdiff.verdicts import Mistake

Agrees: TypeAlias = Callable[[Options, int], bool]
_MANY = 12  # points of a set may meet a claim by accident: a one_hot matrix is symmetric now and then


def assumption(question: Question, options: Options, agrees: Agrees, derived: str | None) -> Mistake | None:
    """The first set in which the claim is right; ``agrees`` tries the claim with other options."""
    for name, sets in _narrower(question, options).items():
        for chosen in sets:
            domain: Domain = dict(options.domain) | {name: chosen}
            if not agrees(replace(options, domain=domain), _MANY):
                continue
            words = chosen if isinstance(chosen, str) else "positive"
            written = f'"{chosen}"' if isinstance(chosen, str) else str(chosen)
            kind, other = ("symmetry", ("assumption",)) if chosen == "symmetric" else ("assumption", ())
            repair = f'domain={{"{name}": {written}}}, or {derived}'
            return Mistake(
                kind, f"right only if {name} is {words}, which was not given", repair, alternatives=other
            )
    return None


def _narrower(question: Question, options: Options) -> dict[str, list[str | tuple[Any, Any]]]:
    """Sets that each free array might have been meant to lie in; what is differentiated moves out of a simplex."""
    moving = {leaf for name in question.wrt for leaf in question.forward.leaf_names(name)}
    result: dict[str, list[str | tuple[Any, Any]]] = {}
    for node in question.forward.inputs:
        op, shape = question.truth.store.op(node), question.truth.shape(node)
        if not isinstance(op, Input) or op.kind != "real" or op.name in options.domain:
            continue
        square = len(shape) > 1 and shape[-1] == shape[-2]
        held = [] if op.name in moving or not shape else ["simplex", "one_hot", "boolean"]
        result[op.name] = (["symmetric"] if square else []) + held + [(0, None)]
    return result
