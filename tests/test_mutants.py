"""Is every right derivative accepted, every wrong one refuted by a counterexample that can be recomputed?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from faults import planted
from mutant_array_cases import ARRAY_SUBJECTS
from mutant_cases import SUBJECTS, Claim, Subject
from printed_repairs import repairs

import symdiff as sd
from symdiff import calculus
from symdiff.checking import comparing, traced
from symdiff.checking.arguments import parameters
from symdiff.checking.mistakes import diagnosing
from symdiff.checking.mistakes.kinds import KINDS, rank
from symdiff.checking.questions import ask
from symdiff.verdicts import Verdict

EVERY = [*SUBJECTS, *ARRAY_SUBJECTS]
BY_NAME = {subject.name: subject for subject in EVERY}


@dataclass(frozen=True)
class Mutant:
    """A wrong claim about a subject, and the kind of its mistake."""

    subject: Subject
    label: str
    claim: Claim

    @property
    def kind(self) -> str:
        return self.label.split("#")[0]

    @property
    def name(self) -> str:
        return f"{self.subject.name}: {self.label}"


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same change to every array of a claim's result."""
    return tuple(map(change, value)) if isinstance(value, tuple) else change(value)


def changed(claim: Claim, change: Callable[[Any], Any]) -> Claim:
    return lambda *args: each(claim(*args), change)


def systematic(subject: Subject) -> Iterator[Mutant]:
    """Wrong claims made of the right one."""
    yield Mutant(subject, "sign#whole", changed(subject.right, lambda a: -a))
    yield Mutant(subject, "factor#2", changed(subject.right, lambda a: 2 * a))
    yield Mutant(subject, "factor#1/3", changed(subject.right, lambda a: a / 3))
    yield Mutant(subject, "extra_term#one more", changed(subject.right, lambda a: a + 1))


SAME = {"cross entropy of a softmax", "cross entropy of general weights"}
MUTANTS = [Mutant(subject, kind, claim) for subject in EVERY for kind, claim in subject.wrong.items()]
MUTANTS += [mutant for subject in EVERY for mutant in systematic(subject)]

NAMED_RIGHT = 0.95
KNOWN = {
    "tanh: wrong_function#dropped square": "chain",
    "gelu by tanh: extra_term#one more": "sign",  # (1 + t)/2 + 1 is also (-1 + t)/2 + 2: a one has the wrong sign
    "swish by its slope: chain": "assumption",  # zeros and ones are their own squares
    "poisson: wrong_function#extra factor": "chain",
    "log sum exp: chain#not normalised": "convention",
    "product: wrong_function#times": "unknown",
    "differences: missing_path": "index",
    "quadratic form: missing_path#elementwise": "unknown",
    "trace of a product: swapped#the operands": "wrong_function",  # of square by A, where A and B are equal
    "embedding: index": "unknown",
    "rosenbrock in two: chain": "unknown",
    "softmax jacobian: stale#not normalised": "wrong_function",
    "two forms of a value: extra_term#maximum not added": "stale",
    "euclidean norm: unknown#two at once: no sum, no inner derivative": "wrong_function",  # of the norm's logarithm
    "absolute values: threshold#no sign": "assumption",  # right for positive x
    "huber: threshold#no sign": "stale",  # |x| stands where x should
    "joined: wrong_function#power": "chain",  # the derivative by a logarithm
    "hessian times direction: swapped#at the point": "upstream",  # the point stands for the direction
    "rosenbrock in two: index#entries": "swapped",
}  # what the diagnosis calls otherwise


def judged(subject: Subject, claim: Claim) -> Verdict:
    return sd.check(
        subject.fn, claim, subject.inputs, wrt=subject.wrt, of=subject.of, domain=subject.domain, examples=40
    )


def entry(value: Any, verdict: Verdict) -> float:
    """The entry of a claim's result that the witness speaks of."""
    assert verdict.witness is not None
    if isinstance(value, tuple):
        value = value[list(verdict.parts).index(verdict.witness.argument)]
    return float(np.asarray(value)[verdict.witness.index])


def assert_refuted(mutant: Mutant, verdict: Verdict) -> None:
    """Refuted with a certificate; the numbers of the witness are those of the plain functions there."""
    assert (verdict.status, verdict.ok) == ("refuted", False), mutant.name
    assert verdict.mistake is not None
    if verdict.witness is None:
        assert "shape" in str(verdict.reason), mutant.name
        return
    witness = verdict.witness
    assert witness.certified, mutant.name
    inputs = [np.asarray(value).astype(float) for value in witness.inputs.values()]
    with np.errstate(all="ignore"):  # other entries may have no value there
        claimed = entry(mutant.claim(*inputs), verdict)
        exact = entry(mutant.subject.right(*inputs), verdict)
    shown = float(witness.claimed) - float(witness.exact)
    assert shown != 0
    assert abs((claimed - exact) - shown) <= abs(shown) / 2, (mutant.name, witness)
    assert witness.enclosures is not None
    assert abs(float(witness.enclosures[0]) - float(witness.claimed)) <= abs(shown) / 2
    assert abs(float(witness.enclosures[1]) - float(witness.exact)) <= abs(shown) / 2


def assert_repaired(mutant: Mutant, verdict: Verdict) -> None:
    """What is printed as the repair gives the derivative when it is run as NumPy; of every argument."""
    subject, mistakes = mutant.subject, [part.mistake for part in verdict.parts.values()] or [verdict.mistake]
    question = ask(subject.fn, mutant.claim, parameters(subject.fn, subject.inputs), subject.wrt, subject.of)
    assert question.claimed is not None
    for mistake, truth, claimed in zip(mistakes, question.truth.outputs, question.claimed, strict=True):
        if mistake is not None:
            assert mistake.repair is not None
            assert repairs(mistake.repair, question, truth, claimed), (mutant.name, mistake)


def test_there_are_enough_subjects_and_mutants() -> None:
    assert len(BY_NAME) == len(EVERY) == 61
    assert len(MUTANTS) == sum(len(s.wrong) for s in EVERY) + 4 * len(EVERY) == 396
    assert {s.of for s in EVERY} == {"value", "gradient", "jacobian", "hessian", "vjp", "jvp", "hvp"}


def test_nearly_all_mistakes_are_called_by_their_names() -> None:
    """The share named right; ``test_a_wrong_derivative_is_refuted`` holds each mutant to its name."""
    names = {mutant.name: mutant.kind for mutant in MUTANTS}
    assert len(names) == len(MUTANTS)
    assert KNOWN.keys() <= names.keys()
    assert {mutant.kind for mutant in MUTANTS} <= set(KINDS)
    assert len(KNOWN) <= (1 - NAMED_RIGHT) * len(MUTANTS)


@pytest.mark.parametrize("subject", EVERY, ids=lambda s: s.name)
def test_a_right_derivative_is_proved(subject: Subject) -> None:
    verdict = judged(subject, subject.right)
    assert verdict.status == "proved", (verdict.reason, verdict.mistake)
    assert verdict.witness is None
    assert verdict.mistake is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_wrong_derivative_is_refuted(mutant: Mutant) -> None:
    verdict = judged(mutant.subject, mutant.claim)
    assert_refuted(mutant, verdict)
    assert verdict.mistake is not None
    assert verdict.mistake.kind in (mutant.kind, KNOWN.get(mutant.name)), verdict.mistake
    assert verdict.mistake.kind not in verdict.mistake.alternatives
    assert list(verdict.mistake.alternatives) == sorted(verdict.mistake.alternatives, key=rank)
    assert verdict.mistake.where is None or verdict.mistake.where.startswith("tests/")
    assert_repaired(mutant, verdict)


@pytest.mark.parametrize("subject", [s for s in EVERY if s.of == "gradient"], ids=lambda s: s.name)
def test_another_subjects_derivative_is_refuted(subject: Subject) -> None:
    """Right derivatives of other functions with the same arguments; some are right here too."""
    others = [s for s in EVERY if (s.of, s.wrt, s.domain) == ("gradient", subject.wrt, subject.domain)]
    shapes = [np.shape(value) for value in subject.inputs]
    for other in others:
        if other is subject or [np.shape(value) for value in other.inputs] != shapes:
            continue
        verdict = judged(subject, other.right)
        same = {subject.name, other.name} == SAME
        assert verdict.status == "proved" if same else verdict.status == "refuted", other.name


# Would these tests notice a referee that is wrong? ----------------------------------------------------------


FEW = ("tanh", "mean squared error", "matrix product", "hessian of cubes", "bias")
SOME = [BY_NAME[name] for name in FEW]
DIFFER = 'return Comparison("differ", index, c, e)'


def every_mutant_is_refuted(subjects: list[Subject]) -> bool:
    try:
        for mutant in MUTANTS:
            if mutant.subject in subjects:
                assert_refuted(mutant, judged(mutant.subject, mutant.claim))
    except AssertionError:
        return False
    return True


def every_right_one_is_proved(subjects: list[Subject]) -> bool:
    return all(judged(subject, subject.right).status == "proved" for subject in subjects)


def test_the_unspoilt_referee_passes() -> None:
    assert every_mutant_is_refuted(SOME)
    assert every_right_one_is_proved(SOME)


def test_a_referee_that_sees_no_difference_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    equal = comparing.Comparison("equal", digits=28)
    monkeypatch.setattr(comparing, "_compare_arrays", lambda exact, claimed: equal)
    assert not every_mutant_is_refuted(SOME)


def test_a_referee_that_sees_differences_everywhere_is_noticed() -> None:
    with planted(comparing, "elif not e.overlaps(c):", "elif e.overlaps(c):"):
        assert not every_right_one_is_proved(SOME)
        assert not every_mutant_is_refuted(SOME)


def test_a_witness_with_exchanged_numbers_is_noticed() -> None:
    with planted(comparing, DIFFER, 'return Comparison("differ", index, e, e)'):
        assert not every_mutant_is_refuted([BY_NAME["tanh"]])


def test_a_witness_at_another_entry_is_noticed() -> None:
    wrong = 'return Comparison("differ", tuple((k + 1) % n for k, n in zip(index, exact.shape)), c, e)'
    with planted(comparing, DIFFER, wrong):
        assert not every_mutant_is_refuted([BY_NAME["tanh"]])


@pytest.mark.parametrize("subject", SOME, ids=lambda s: s.name)
def test_a_wrong_rule_is_a_fault_of_the_program_and_never_a_verdict(subject: Subject) -> None:
    """A wrong rule makes right claims look wrong and wrong ones right; the road without rules speaks up."""
    right = "return alg.contract(store, factors, labels + op.inputs[slot], op.coefficient, new)"
    wrong = "return alg.contract(store, factors, labels + op.inputs[slot], 3 * op.coefficient, new)"
    with planted(calculus, right, wrong):
        try:
            claims = [changed(subject.right, lambda a, k=k: k * a) for k in (1, 3, 9)]
            verdicts = [judged(subject, claim).status for claim in claims]
        except traced.RoadsDisagree:
            return
        assert "proved" not in verdicts


def test_a_diagnosis_without_hypotheses_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosing, "_fitting", lambda question, target, screen, points: [])
    mutant = next(m for m in MUTANTS if m.name == "tanh: sign#whole")
    verdict = judged(mutant.subject, mutant.claim)
    assert verdict.mistake is not None
    assert verdict.mistake.kind != "sign"
