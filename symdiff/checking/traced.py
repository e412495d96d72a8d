"""Is a traced claim right? Probes that certify a difference; then identity or exact proof; then an independent road."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeAlias

from symdiff.checking.effort import work
from symdiff.checking.floats import Trouble, float_troubles
from symdiff.checking.formulas import formula_text
from symdiff.checking.indices import held
from symdiff.checking.inside import troubles_inside
from symdiff.checking.kinks.thin_branches import never, unseen_tie
from symdiff.checking.kinks.thresholds import Threshold
from symdiff.checking.kinks.words import kink_text, left_out
from symdiff.checking.magnitudes import float_failures
from symdiff.checking.mistakes.diagnosing import diagnose
from symdiff.checking.mistakes.shapes import diagnose_shape
from symdiff.checking.options import NO_TIME, Options
from symdiff.checking.probes import Probing, Record
from symdiff.checking.questions import Question
from symdiff.checking.repairs import in_own_names
from symdiff.checking.right import in_the_source, what_else
from symdiff.checking.roads import confirm
from symdiff.checking.sampling import Point
from symdiff.checking.witnesses import Found, shrink, witness
from symdiff.checking.wording import readings, scope, snippet
from symdiff.errors import SymdiffError, explain
from symdiff.evaluation.deadlines import in_time
from symdiff.ir.graph import Node
from symdiff.ir.sizes import same_shape, text
from symdiff.proof.at_shape.zero_test import equal_at_shape
from symdiff.proof.every_shape.proving import prove
from symdiff.verdicts import Evidence, Mistake, Verdict

_AGREEMENTS = 2
_KINKS = ("away from", "no tie")
_TOGETHER, _ALONE, _BRIEFLY = 8.0, 4.0, 2.0  # seconds
_MANY = 400  # scalar operations: beyond, the zero test takes longer than the normal form
_REASONS = {
    "differ": "two disjoint balls",
    "differ on a kink": "no mean of the limits of the derivative",
    "claim undefined": "the claim has no value there",
}


Answer: TypeAlias = Callable[..., Verdict]


class RoadsDisagree(SymdiffError, AssertionError):
    """The rules and independent differences give different derivatives: a fault of symdiff."""


def judge_traced(question: Question, options: Options, *, probes_only: bool = False) -> dict[str, Verdict]:
    """One verdict for each target; with ``probes_only`` nothing is proved, because that was done elsewhere."""
    assert question.claimed is not None
    store = question.truth.store
    shaped = [
        same_shape(store.shape(c), store.shape(t))
        for c, t in zip(question.claimed, question.truth.outputs, strict=True)
    ]
    probing = Probing(question, options, [k for k, good in enumerate(shaped) if good])
    probing.easily()
    tests = {} if probes_only else _attempts(question, probing.waiting, options)
    if not probes_only and any(not tests[k].proved for k in probing.waiting):
        probing.fit = [k for k in probing.fit if k in tests and not tests[k].proved]
        probing.hard()
    found = _Answers(question, options, probing, tests, _confirmed(question, probing.seen, options))
    return {
        name: _verdict(found, k) if shaped[k] else _misshapen(question, k)
        for k, name in enumerate(question.targets)
    }


@dataclass(frozen=True)
class Attempt:
    """Whether two nodes were proved equal, by which road, under which assumptions; otherwise why not."""

    proved: bool
    road: str = ""
    assumptions: tuple[str, ...] = ()
    reason: str = ""


def _attempts(question: Question, targets: list[int], options: Options) -> dict[int, Attempt]:
    """Identical nodes; the zero test; the normal form, whose work does not grow with the entries: first for many."""
    assert question.claimed is not None
    store = question.truth.store
    pairs = {k: (question.truth.outputs[k], question.claimed[k]) for k in targets}
    done = {k: Attempt(True, "the same graph as the derived one") for k, (t, c) in pairs.items() if t == c}
    many = work(store, [node for k, pair in pairs.items() if k not in done for node in pair]) > _MANY
    briefly: list[Road] = [partial(_by_normal_form, seconds=_BRIEFLY)] if many else []
    roads: list[Road] = [*briefly, _by_zero_test, partial(_by_normal_form, seconds=_ALONE), _one_by_one]
    for road in roads:
        left = {k: pair for k, pair in pairs.items() if k not in done or not done[k].proved}
        if left and not options.is_late:
            done |= road(question, left, options)
    return done


Pairs: TypeAlias = dict[int, tuple[Node, Node]]
Road: TypeAlias = Callable[[Question, Pairs, Options], dict[int, Attempt]]


def _by_zero_test(
    question: Question, pairs: Pairs, options: Options, *, seconds: float = _TOGETHER
) -> dict[int, Attempt]:
    """All together, which shares their work."""
    truths, claims = zip(*pairs.values(), strict=True)
    budget = min(seconds, options.seconds_left)
    found = equal_at_shape(question.truth.store, truths, claims, facts=options.domain, seconds=budget)
    road = f"exact zero test in {found.generators} generators"
    return dict.fromkeys(pairs, Attempt(bool(found.equal), road, found.assumptions, found.reason))


def _one_by_one(question: Question, pairs: Pairs, options: Options) -> dict[int, Attempt]:
    """The zero test of each, where one of several may have been the hard one."""
    if len(question.targets) == 1:
        return {}
    found: dict[int, Attempt] = {}
    for k, pair in pairs.items():
        found |= _by_zero_test(question, {k: pair}, options, seconds=min(_ALONE, 2 * _TOGETHER / len(pairs)))
    return found


def _by_normal_form(
    question: Question, pairs: Pairs, options: Options, *, seconds: float
) -> dict[int, Attempt]:
    """Those that are proved; why the others are not, the zero test says."""
    truths, claims = zip(*pairs.values(), strict=True)
    budget = min(seconds, options.seconds_left)
    proofs = prove(question.truth.store, truths, claims, seconds=budget, facts=options.domain)
    road = "the same normal form in index notation"
    return {
        k: Attempt(True, road, proof.assumptions)
        for k, proof in zip(pairs, proofs, strict=True)
        if proof.proved
    }


def _confirmed(question: Question, seen: list[Point], options: Options) -> bool:
    """Whether an independent road confirms the truth at two probes; three contradictions are a fault of ours.

    The last probes are random; at the zeros among the first, or where a function is flat, a wrong rule looks right.
    """
    agreements = contradictions = 0
    for point in reversed(seen):
        if options.is_late:
            return False
        answer = confirm(question, point, options.seed)
        agreements += answer is True
        contradictions += answer is False
        if agreements == _AGREEMENTS:
            break
        if contradictions == 3:
            mend = "The rules and high-precision differences disagree: please report this function."
            raise RoadsDisagree(explain(question.title, {"points": 3}, mend))
    return agreements > 0 and contradictions == 0


@dataclass
class _Answers:
    """What all targets of a question share when their verdicts are given."""

    question: Question
    options: Options
    probing: Probing
    tests: dict[int, Attempt]
    confirmed: bool

    @cached_property
    def troubles(self) -> list[Trouble | None]:
        """What floats make of the claim at the caller's inputs and in the caller's domain, target by target."""
        at_inputs = float_troubles(self.question, self.options)
        inside = troubles_inside(self.question, self.options)
        return [one or other for one, other in zip(at_inputs, inside, strict=True)]

    @cached_property
    def failures(self) -> list[str | None]:
        """What floats make of the claim at other magnitudes, target by target."""
        return float_failures(self.question, self.options)

    @cached_property
    def kink(self) -> str | None:
        """Where the function is not differentiable, and what is accepted there."""
        return kink_text(self.question)


def _answer(question: Question, k: int) -> Answer:
    assert question.claimed is not None
    nodes = (question.truth.outputs[k], question.claimed[k])
    return partial(
        Verdict,
        question=question.title,
        scope=scope(question.truth, held(question)),
        readings=readings(question.truth.store, nodes),
    )


def _misshapen(question: Question, k: int) -> Verdict:
    assert question.claimed is not None
    given, wanted = (text(question.truth.shape(n)) for n in (question.claimed[k], question.truth.outputs[k]))
    reason = f"shape {given} where the derivative has {wanted}"
    mistake = in_own_names(question, k, diagnose_shape(question, k))
    more = in_the_source(question, k, mistake)
    return _answer(question, k)("refuted", reason=reason, mistake=mistake, **more)


def _verdict(found: _Answers, k: int) -> Verdict:
    record, answer = found.probing.records[k], _answer(found.question, k)
    if record.wrong is not None:
        return _refuted(record.wrong, found.options, answer)
    trouble = found.troubles[k]
    if trouble is not None and trouble.mistake is not None and _counts(trouble.mistake, found.options):
        right = ("the formula, in exact arithmetic",) if record.agreed else ()
        more = in_the_source(found.question, k, trouble.mistake)
        return answer(
            "refuted",
            reason=trouble.reason,
            mistake=trouble.mistake,
            numerics=trouble.reason,
            right=right,
            **more,
        )
    numerics = found.failures[k] if trouble is None else trouble.reason
    test = found.tests.get(k)
    if test is not None and test.proved and any(a.startswith(_KINKS) for a in test.assumptions):
        tie = unseen_tie(found.question, k, found.probing.met)
        test = test if tie is None else Attempt(False, reason=never(found.question, tie))
    if test is not None and test.proved and record.agreed and found.confirmed:
        return _proved(found, record, test, numerics, answer)
    return _unproved(found, record, test, numerics, answer)


def _counts(mistake: Mistake, options: Options) -> bool:
    """What floats do refutes at the caller's own inputs; NaN also in a domain that the caller gave."""
    return options.given or (mistake.kind == "nan" and bool(options.domain))


def _refuted(found: Found, options: Options, answer: Answer) -> Verdict:
    mistake = in_time(options.grace, partial(diagnose, found, options)) or NO_TIME
    mistake = in_time(options.grace, partial(in_own_names, found.question, found.target, mistake)) or mistake
    small = in_time(options.grace, partial(shrink, found, options)) or found
    shown = witness(small)
    return answer(
        "refuted",
        reason=_REASONS[small.comparison.outcome],
        witness=shown,
        mistake=mistake,
        evidence=Evidence(("certified balls at a rational point",) if shown.certified else (), points=1),
        snippet=snippet(small.question, shown.inputs, shown.argument),
        kink=kink_text(found.question) if found.comparison.outcome == "differ on a kink" else None,
        **what_else(found, small, mistake, options),
    )


def _proved(found: _Answers, record: Record, test: Attempt, numerics: str | None, answer: Answer) -> Verdict:
    differences = () if found.question.of == "value" else ("central differences at 120 digits",)
    roads = (test.road, "certified balls at rational points", *differences)
    kinks = tuple(a for a in test.assumptions if a.startswith(_KINKS))
    others = tuple(a for a in test.assumptions if a not in kinks)
    return answer(
        "proved",
        evidence=Evidence(roads, points=record.agreed, digits=record.digits, assumptions=others),
        kink=found.kink or left_out(list(map(_place, kinks))),
        numerics=numerics,
    )


def _place(assumption: str) -> str:
    return assumption.removeprefix("away from ")


def _unproved(
    found: _Answers, record: Record, test: Attempt | None, numerics: str | None, answer: Answer
) -> Verdict:
    why = (
        test.reason
        if test is not None and not test.proved
        else "no independent road could confirm the derivative"
    )
    if found.options.is_late:
        return answer("undecided", reason=f"the time of {found.options.timeout:g} s is over")
    if record.agreed == 0:
        reason = "no probe gave an answer: every point was on a kink or outside the domain; give domain="
        return answer("undecided", reason=reason)
    if not found.confirmed:
        return answer("undecided", reason=why)
    untaken = found.probing.untaken() if test is not None else None  # without a test it was proved elsewhere
    if untaken is not None:
        words = _words(found.probing, untaken)
        reason = f"one side of a branch was never taken: {words}; give domain= or an example there"
        return answer("undecided", reason=reason)
    evidence = Evidence(
        ("certified balls at rational points", "central differences at 120 digits"),
        points=record.agreed,
        digits=record.digits,
    )
    return answer(
        "agrees",
        evidence=evidence,
        kink=found.kink,
        reason=f"not proved: {why}",
        numerics=numerics,
    )


def _words(probing: Probing, threshold: Threshold) -> str:
    """A comparison as the code writes it."""
    store = probing.question.truth.store
    return formula_text(store, threshold.node, 80)
