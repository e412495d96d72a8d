"""Is a traced claim right? Probes that certify a difference; then identity or exact proof; then an independent road."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from symdiff.checking.diagnosis import diagnose, diagnose_shape
from symdiff.checking.floats import float_trouble
from symdiff.checking.formulas import formula_text
from symdiff.checking.options import NO_TIME, Options
from symdiff.checking.probes import Probing, Record
from symdiff.checking.questions import Question
from symdiff.checking.roads import confirm
from symdiff.checking.sampling import Point
from symdiff.checking.thresholds import Threshold
from symdiff.checking.witnesses import Found, shrink, witness
from symdiff.checking.wording import readings, scope, snippet
from symdiff.errors import SymdiffError, explain
from symdiff.ir.sizes import same_shape, text
from symdiff.evaluation.deadlines import in_time
from symdiff.ir.graph import Node
from symdiff.proof.at_shape.zero_test import ZeroTest, equal_at_shape
from symdiff.verdicts import Evidence, Verdict

_KINKS = ("away from", "no tie")
_REASONS = {
    "differ": "two disjoint balls",
    "differ on a kink": "far from every limit of the derivative",
    "claim undefined": "the claim has no value there",
}


Answer: TypeAlias = Callable[..., Verdict]


class RoadsDisagree(SymdiffError, AssertionError):
    """The rules and independent differences give different derivatives: a fault of symdiff."""


def judge_traced(question: Question, options: Options) -> dict[str, Verdict]:
    """One verdict for each target."""
    assert question.claimed is not None
    store = question.truth.store
    shaped = [
        same_shape(store.shape(c), store.shape(t))
        for c, t in zip(question.claimed, question.truth.outputs, strict=True)
    ]
    probing = Probing(question, options, [k for k, good in enumerate(shaped) if good])
    probing.easily()
    tests = _zero_test(question, probing.waiting, options)
    if any(not tests[k].equal for k in probing.waiting):
        probing.fit = [k for k in probing.fit if k in tests and not tests[k].equal]
        probing.hard()
    confirmed = _confirmed(question, probing.seen, options)
    return {
        name: _verdict(question, k, shaped[k], probing, tests, confirmed, options)
        for k, name in enumerate(question.targets)
    }


def _zero_test(question: Question, targets: list[int], options: Options) -> dict[int, ZeroTest]:
    """The exact test of each target; identical nodes need none."""
    assert question.claimed is not None
    store = question.truth.store
    pairs = {k: (question.truth.outputs[k], question.claimed[k]) for k in targets}
    open_ = {k: pair for k, pair in pairs.items() if pair[0] != pair[1]}
    identical = {k: ZeroTest(True, (), (), 0, "identical") for k in pairs if k not in open_}
    if not open_ or options.is_late:
        return identical
    together = equal_at_shape(
        store,
        [t for t, _ in open_.values()],
        [c for _, c in open_.values()],
        facts=options.domain,
        seconds=min(20.0, options.seconds_left),
    )
    if together.equal or len(open_) == 1:
        return identical | dict.fromkeys(open_, together)
    budget = min(10.0, options.seconds_left)
    return identical | {
        k: equal_at_shape(store, [t], [c], facts=options.domain, seconds=budget) for k, (t, c) in open_.items()
    }


def _confirmed(question: Question, seen: list[Point], options: Options) -> bool:
    """Whether an independent road confirms the truth at some probe; three contradictions are a fault of ours.

    The last probes are random; among the first are zeros, at which a wrong rule may look right.
    """
    contradictions = 0
    for point in reversed(seen):
        if options.is_late:
            return False
        answer = confirm(question, point, options.seed)
        if answer:
            return contradictions == 0
        contradictions += answer is False
        if contradictions == 3:
            mend = "The rules and high-precision differences disagree: please report this function."
            raise RoadsDisagree(explain(question.title, {"points": 3}, mend))
    return False


def _verdict(
    question: Question,
    k: int,
    fits: bool,
    probing: Probing,
    tests: dict[int, ZeroTest],
    confirmed: bool,
    options: Options,
) -> Verdict:
    record = probing.records[k]
    store = question.truth.store
    assert question.claimed is not None
    nodes = (question.truth.outputs[k], question.claimed[k])
    answer = partial(
        Verdict, question=question.title, scope=scope(question.truth), readings=readings(store, nodes)
    )
    if not fits:
        mistake = diagnose_shape(question, k)
        reason = f"shape {text(store.shape(nodes[1]))} where the derivative has {text(store.shape(nodes[0]))}"
        return answer("refuted", reason=reason, mistake=mistake)
    if record.wrong is not None:
        return _refuted(record.wrong, options, answer)
    trouble = float_trouble(question, k)
    if trouble is not None and trouble.mistake is not None:
        return answer("refuted", reason=trouble.reason, mistake=trouble.mistake, numerics=trouble.reason)
    numerics = trouble.reason if trouble is not None else None
    test = tests.get(k)
    if test is not None and test.equal and record.agreed and confirmed:
        return _proved(record, test, numerics, question, answer)
    return _unproved(record, test, probing, confirmed, numerics, options, answer)


def _refuted(found: Found, options: Options, answer: Answer) -> Verdict:
    mistake = in_time(options.grace, partial(diagnose, found, options)) or NO_TIME
    small = in_time(options.grace, partial(shrink, found, options)) or found
    shown = witness(small)
    return answer(
        "refuted",
        reason=_REASONS[small.comparison.outcome],
        witness=shown,
        mistake=mistake,
        evidence=Evidence(("certified balls at a rational point",) if shown.certified else (), points=1),
        snippet=snippet(small.question, shown.inputs, shown.argument),
    )


def _proved(
    record: Record, test: ZeroTest, numerics: str | None, question: Question, answer: Answer
) -> Verdict:
    if test.reason == "identical":
        road = "the same graph as the derived one"
    else:
        road = f"exact zero test in {test.generators} generators"
    differences = () if question.of == "value" else ("central differences at 120 digits",)
    roads = (road, "certified balls at rational points", *differences)
    kinks = tuple(a for a in test.assumptions if a.startswith(_KINKS))
    others = tuple(a for a in test.assumptions if a not in kinks)
    return answer(
        "proved",
        evidence=Evidence(roads, points=record.agreed, digits=record.digits, assumptions=others),
        kink="not judged there: " + "; ".join(k.removeprefix("away from ") for k in kinks) if kinks else None,
        numerics=numerics,
    )


def _unproved(
    record: Record,
    test: ZeroTest | None,
    probing: Probing,
    confirmed: bool,
    numerics: str | None,
    options: Options,
    answer: Answer,
) -> Verdict:
    why = test.reason if test is not None and not test.equal else "no independent road could confirm the derivative"
    if options.is_late:
        return answer("undecided", reason=f"the time of {options.timeout:g} s is over")
    if record.agreed == 0:
        reason = "no probe gave an answer: every point was on a kink or outside the domain; give domain="
        return answer("undecided", reason=reason)
    if not confirmed:
        return answer("undecided", reason=why)
    untaken = probing.untaken()
    if untaken is not None:
        reason = f"one side of a branch was never taken: {_words(probing, untaken)}; give domain= or an example there"
        return answer("undecided", reason=reason)
    evidence = Evidence(
        ("certified balls at rational points", "central differences at 120 digits"),
        points=record.agreed,
        digits=record.digits,
    )
    return answer("agrees", evidence=evidence, reason=f"not proved: {why}", numerics=numerics)


def _words(probing: Probing, threshold: Threshold) -> str:
    """A comparison as the code writes it."""
    store = probing.question.truth.store
    return formula_text(store, threshold.node, 80)
