"""Is a claim right at a shape too large for exact arithmetic? A proof by indices, floats there, balls below."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from symdiff.checking.belonging import drawn_inside, own_point
from symdiff.checking.black_boxes.judging import judge_black_box
from symdiff.checking.effort import CONFIRM, EXACT, work
from symdiff.checking.kinks.thin_branches import never, unseen_tie
from symdiff.checking.kinks.thresholds import Threshold
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, ask
from symdiff.checking.roads import confirm
from symdiff.checking.sampling import points
from symdiff.checking.shrinking import smaller_examples
from symdiff.checking.traced import judge_traced
from symdiff.checking.witnesses import by_node
from symdiff.checking.wording import scope
from symdiff.proof.every_shape.proving import Proof, prove
from symdiff.verdicts import Verdict

_PROBES = 20
_TRIES = 2


def is_large(question: Question) -> bool:
    """Whether one look at the claim in ball arithmetic would take too long."""
    nodes = (*question.truth.outputs, *(question.claimed or ()))
    return work(question.truth.store, nodes) > EXACT


def judge_large(question: Question, options: Options) -> dict[str, Verdict]:
    """Refuted where smaller shapes or floats refute; proved in index notation if both agree; else what floats say."""
    small = _smaller(question, options)
    exact = judge_traced(small, options) if small is not None else {}
    if any(verdict.status == "refuted" for verdict in exact.values()):
        return exact
    floats = _in_floats(question, options)
    assert question.claimed is not None
    seconds = min(20.0, options.seconds_left)
    proofs = prove(
        question.truth.store, question.truth.outputs, question.claimed, seconds=seconds, facts=options.domain
    )
    result: dict[str, Verdict] = {}
    for name, proof in zip(question.targets, proofs, strict=True):
        road = _road(question, small, exact.get(name), options) if proof.proved and floats[name].ok else ""
        tie = _unseen_tie(question, name, proof, exact.get(name)) if road else None
        if not road or tie is not None:
            why = proof.reason if tie is None else never(question, tie)
            reason = floats[name].reason if not floats[name].ok else f"not proved: {why}"
            result[name] = replace(floats[name], reason=reason)
            continue
        roads = ("the same normal form in index notation", road, *floats[name].evidence.roads)
        evidence = replace(floats[name].evidence, roads=roads, assumptions=proof.assumptions)
        result[name] = replace(floats[name], status="proved", evidence=evidence, reason="", blind=None)
    return result


def _unseen_tie(question: Question, name: str, proof: Proof, exact: Verdict | None) -> Threshold | None:
    """A branch for one exact value, unless there is none or smaller shapes were proved with it."""
    if (exact is not None and exact.status == "proved") or not any(map(_is_kink, proof.assumptions)):
        return None
    return unseen_tie(question, question.targets.index(name), ())


def _is_kink(assumption: str) -> bool:
    return assumption.startswith("away from")


def _road(question: Question, small: Question | None, exact: Verdict | None, options: Options) -> str:
    """An independent road that confirms the derivative, at smaller shapes or by differences at these."""
    if small is not None and exact is not None and exact.ok:
        return f"at {scope(small.truth)}: {'; '.join(exact.evidence.roads)}"
    if work(question.truth.store, question.truth.outputs) > CONFIRM or options.is_late:
        return ""
    for point in islice(points(question.truth, by_node(question), options.domain, options.seed), _TRIES):
        if confirm(question, point, options.seed):
            return "central differences at 120 digits"
    return ""


def _smaller(question: Question, options: Options) -> Question | None:
    """The same question at the first smaller shape that fits both functions and is cheap.

    A part of a member need not be one: of a row that sums to one.
    """
    for examples in smaller_examples(question.examples):
        try:
            small = ask(question.fn, question.claim, examples, question.asked_wrt, question.of)
        except Exception:  # foreign code may refuse other shapes in any way it likes
            continue
        if small.claimed is not None and small.targets == question.targets and not is_large(small):
            is_member = own_point(small, options.domain) is not None
            return small if is_member else drawn_inside(small, options.domain, options.seed)
    return None


def _in_floats(question: Question, options: Options) -> dict[str, Verdict]:
    few = replace(options, examples=min(options.examples, _PROBES))
    verdict = judge_black_box(question.without_claimed("too large for exact arithmetic"), few)
    return verdict.parts or dict.fromkeys(question.targets, verdict)
