"""Are two sets of nodes equal at their concrete shapes? Proved in exact arithmetic, or not proved.

``left`` is the truth and ``right`` the claim: a proof says that the right side equals the left wherever the
left is defined, outside a closed set without interior points, which the assumptions describe.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from random import Random
from typing import Any

from symdiff.ir import literals
from symdiff.ir.graph import Node, Store
from symdiff.ir.ops import Input, Literal
from symdiff.ir.sizes import is_concrete
from symdiff.proof.at_shape.coordinates import count_entries
from symdiff.proof.at_shape.fields import NeedsCases, NeedsMasks, OutOfGenerators, Undecided
from symdiff.proof.at_shape.signs import Script
from symdiff.proof.at_shape.walks import Question, Walk

_SPARE, _MOST_GENERATORS = 64, 4096
_MOST_CASES, _RANDOM_CASES = 128, 3


@dataclass(frozen=True)
class ZeroTest:
    """``equal`` is True for proved and None for not proved; it is never False.

    ``assumptions``: what was taken to be nonzero or positive. ``readings``: how float literals were read.
    """

    equal: bool | None
    assumptions: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    generators: int = 0
    reason: str = ""


def equal_at_shape(
    store: Store,
    left: Sequence[Node],
    right: Sequence[Node],
    *,
    facts: Mapping[str, Any] | None = None,
    seconds: float = 10.0,
) -> ZeroTest:
    """Try to prove that ``right`` equals ``left``, output by output, for all values of the inputs.

    ``facts`` maps input names to a domain: an interval ``(low, high)``, "one_hot", "simplex", "symmetric",
    "positive_definite", "boolean", "integer", or an array of values for inputs that are indices.
    """
    question = Question(store, left, right, facts or {}, time.monotonic() + seconds)
    wrong_shape = [k for k, a, b in question.pairs if store.shape(a) != store.shape(b)]
    if wrong_shape:
        return ZeroTest(None, reason=f"output {wrong_shape[0]} has two shapes")
    if not question.pairs:
        return ZeroTest(True)
    if not all(is_concrete(store.shape(n)) for n in question.nodes):
        return ZeroTest(None, reason="the shapes are symbolic")
    return _Prover(question).answer()


class _Prover:
    """Runs the test with as many generators, and as many cases, as it needs."""

    def __init__(self, question: Question) -> None:
        self.question = question
        inputs = (op for op in map(question.store.op, question.nodes) if isinstance(op, Input))
        self.capacity = count_entries(inputs) + _SPARE
        self.trust_affine = True
        self.problem: str | None = None

    def answer(self) -> ZeroTest:
        """Without cases first; then, where kinks are in the way, case by case."""
        try:
            walks = self._whole() or self._cases()
        except Undecided as reason:
            return ZeroTest(None, readings=self._readings(), reason=str(reason))
        needs = dict.fromkeys(text for walk in walks for text in walk.needs)
        found = dict.fromkeys(needs, True) if any(walk.is_narrow for walk in walks) else {}
        found |= {text: left for walk in walks for text, left in walk.assumptions.items()}
        found |= {text: True for walk in walks for text, left in walk.assumptions.items() if left}
        texts = (text if left else f"{text} (needed by the right side only)" for text, left in found.items())
        return ZeroTest(True, tuple(texts), self._readings(), max(walk.generators for walk in walks))

    def _whole(self) -> list[Walk]:
        """One walk with indicators as generators, strict if that is enough; none if kinks are in the way."""
        try:
            for strict in (True, False):
                walk = self._walk(None, strict=strict)
                if walk.problem is None:
                    return [walk]
                self.problem = self.problem or walk.problem
                if not walk.kinks:
                    raise Undecided(walk.problem)
        except NeedsCases as need:
            self.question.by_masks = isinstance(need, NeedsMasks)
        return []

    def _cases(self) -> list[Walk]:
        """Every case; a few at random first, because a difference need not show in the first ones."""
        walks: list[Walk] = []
        for seed in range(_RANDOM_CASES):
            self._require_equal(self._walk(Script(dice=Random(seed))))
        script: Script | None = Script()
        while script is not None:
            if len(walks) == _MOST_CASES:
                raise Undecided("over budget: too many cases")
            walk = self._walk(script)
            self._require_equal(walk)
            walks.append(walk)
            script = script.following()
        if any(walk.is_narrow for walk in walks) and not any(walk.is_real() for walk in walks):
            raise Undecided("no point was found where the left side is defined")
        return walks

    def _require_equal(self, walk: Walk) -> None:
        if walk.problem is not None:
            raise Undecided(self.problem or walk.problem)

    def _walk(self, script: Script | None, *, strict: bool = False) -> Walk:
        taken = list(script.taken) if script else []
        while True:
            try:
                walk = Walk(
                    self.question, script, self.capacity, strict=strict, trust_affine=self.trust_affine
                )
                if walk.is_trustworthy:
                    return walk
                self.trust_affine = False
            except OutOfGenerators:
                self.capacity *= 2
                if self.capacity > _MOST_GENERATORS:
                    raise Undecided("over budget: too many generators") from None
            if script is not None:
                script.taken, script.options = list(taken), []

    def _readings(self) -> tuple[str, ...]:
        ops = map(self.question.store.op, self.question.nodes)
        values = dict.fromkeys(op.value for op in ops if isinstance(op, Literal) and isfinite(op.value))
        return tuple(f"{v!r} read as {literals.read(v)}" for v in values if literals.is_recognised(v))
