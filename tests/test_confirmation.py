"""Does the road without rules confirm right derivatives, contradict wrong ones, and say nothing at poles?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import pytest
from faults import planted
from mutant_array_cases import ARRAY_SUBJECTS
from mutant_cases import SUBJECTS, Claim, Subject

import symdiff as sd
from symdiff import calculus
from symdiff.checking import roads, traced
from symdiff.checking.arguments import parameters
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.questions import Question, ask
from symdiff.checking.sampling import Point, points
from symdiff.evaluation.exact import as_objects
from symdiff.ir import algebra as alg

EVERY = [*SUBJECTS, *ARRAY_SUBJECTS]
X = np.array([1.0, -2.0, 0.5])


def asked(subject: Subject) -> Question:
    examples = parameters(subject.fn, subject.inputs)
    return ask(subject.fn, subject.right, examples, subject.wrt, subject.of)


def question(fn: Claim, x: Any, of: Any = "gradient", wrt: Any = 0) -> Question:
    return ask(fn, fn, parameters(fn, (x,)), wrt, of)


def points_of(asked: Question, domain: dict[str, Any] | None = None) -> Iterator[Point]:
    examples = dict(zip(asked.forward.inputs, asked.examples.values(), strict=True))
    return points(asked.truth, examples, domain or {}, seed=5)


def at(asked: Question, *values: Any) -> Point:
    pairs = zip(asked.truth.inputs, values, strict=True)
    return {node: as_objects(np.frompyfunc(Fraction, 1, 1)(np.asarray(value))) for node, value in pairs}


def confirmations(asked: Question, domain: dict[str, Any], seed: int = 0) -> list[bool | None]:
    """The answers at three points of moderate size off the kinks: far away many a function is flat."""
    smooth = (p for p in points_of(asked, domain) if not is_on_kink(asked.truth.store, asked.kinks, p))
    near = (p for p in smooth if all(abs(v) <= 3 for value in p.values() for v in value.ravel()))
    return [roads.confirm(asked, point, seed) for point in islice(near, 3)]


def wrong_truths(right: Question) -> Iterator[Question]:
    """The same question with a wrong derivative in the place of the derived one."""
    store, outputs = right.truth.store, right.truth.outputs
    one = [alg.add(store, n, alg.constant(store, Fraction(1, 1000), store.shape(n))) for n in outputs]
    for wrong in ([alg.scale(store, n, -1) for n in outputs], [alg.scale(store, n, 2) for n in outputs], one):
        yield replace(right, truth=right.truth.with_outputs(tuple(wrong)))


@pytest.mark.parametrize("subject", [s for s in EVERY if s.of != "value"], ids=lambda s: s.name)
def test_right_derivatives_are_confirmed_and_wrong_ones_contradicted(subject: Subject) -> None:
    right = asked(subject)
    found = confirmations(right, subject.domain)
    assert True in found
    assert False not in found
    for wrong in wrong_truths(right):
        assert False in confirmations(wrong, subject.domain)


def test_values_need_no_confirmation() -> None:
    assert set(confirmations(question(np.tanh, X, "value"), {})) == {True}


def test_intermediates_move_while_the_rest_is_held() -> None:
    def f(x: Any) -> Any:
        z = sd.name(x * x, "z")
        return np.sum(z**2 * x)

    right = question(f, X, wrt="z")
    assert True in confirmations(right, {})
    by_x = question(f, X, wrt="x")
    swapped = replace(right, truth=by_x.truth)
    assert set(confirmations(swapped, {})) == {False}


def test_poles_and_undefined_values_tell_nothing() -> None:
    logarithm = question(lambda x: np.sum(np.log(x)), X)
    assert roads.confirm(logarithm, at(logarithm, [1, 0, 2])) is None
    reciprocal = question(lambda x: np.sum(1 / x), X)
    assert roads.confirm(reciprocal, at(reciprocal, [1, 0, 2])) is None
    assert roads.confirm(reciprocal, at(reciprocal, [1, -3, 2])) is True


def test_a_kink_is_never_confirmed() -> None:
    """The rules say 0 in the middle of the kink of abs; differences there say 0 too, beside it they say 1."""
    absolute = question(np.abs, 0.5)
    assert roads.confirm(absolute, at(absolute, Fraction(1, 10**20))) is True
    assert roads.confirm(absolute, at(absolute, Fraction(1, 10**31))) is False


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("local = partial(op.formula, slot)", "local = partial(op.formula, 0)"),
        ("alg.scale(store, other, constant)", "alg.scale(store, other, -constant)"),
        ("labels + op.inputs[slot], op.coefficient, new)", "labels + op.inputs[slot], alg.ONE, new)"),
    ],
)
def test_a_wrong_rule_raises(right: str, wrong: str) -> None:
    def f(x: Any) -> Any:
        return np.sum((x / (x**2 + 1) - x) / 3)

    def claim(x: Any) -> Any:
        return ((1 - x**2) / (x**2 + 1) ** 2 - 1) / 3

    assert sd.check(f, claim, X).status == "proved"
    with planted(calculus, right, wrong):
        derived = sd.grad(f)  # the claim that is wrong as the rule is
        with pytest.raises(traced.RoadsDisagree) as caught:
            sd.check(f, derived, X)
    assert str(caught.value).splitlines()[-1] == (
        "  The rules and high-precision differences disagree: please report this function."
    )


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("close * (1 + abs(derived))", "10**40 * (1 + abs(derived))"),
        ("(2 * self.step)", "self.step"),
        ("(phi(1, 0) - phi(-1, 0))", "(phi(1, 0) - phi(0, 0))"),
        ("Fraction(self.rng.randint(-16, 16), 8)", "Fraction(0)"),
    ],
)
def test_a_faulty_road_is_noticed(right: str, wrong: str) -> None:
    with planted(roads, right, wrong), pytest.raises(AssertionError):
        test_right_derivatives_are_confirmed_and_wrong_ones_contradicted(SUBJECTS[0])
