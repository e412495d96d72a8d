"""Is the kind of a mistake the right one, is it told in one readable line, and is the repair itself right?"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from diagnosis_cases import CASES, Case, R, X, Y, mistake, refuted, squares
from faults import planted
from printed_repairs import repairs

import symdiff as sd
from symdiff.checking.arguments import parameters
from symdiff.checking.mistakes import (
    assumptions,
    choosing,
    editing,
    factors,
    formula_edits,
    operands,
    paths,
    ratios,
    reductions,
    shapes,
    terms,
    wholes,
)
from symdiff.checking.mistakes.kinds import KINDS, rank
from symdiff.checking.questions import ask
from symdiff.verdicts import Mistake

# ruff: noqa: E501  (tables)


def diagnosed(case: Case) -> Mistake:
    return mistake(case.fn, case.claim, case.inputs, **case.options)


def lines_of(function: Callable[..., Any]) -> set[str]:
    numbers = {line for _, _, line in function.__code__.co_lines() if line is not None}
    return {f"tests/diagnosis_cases.py:{line}" for line in numbers}


# Kinds, sentences, places and repairs ------------------------------------------------------------------------


def assert_told(case: Case) -> None:
    found = diagnosed(case)
    assert (found.kind, found.detail) == (case.kind, case.detail)
    if case.repair is not None:
        assert found.repair == case.repair
    assert found.where in lines_of(case.claim) if case.edit else True
    assert found.kind not in found.alternatives
    assert list(found.alternatives) == sorted(set(found.alternatives), key=rank)
    assert set(found.alternatives) <= set(KINDS)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_mistake_is_told_and_placed(case: Case) -> None:
    assert_told(case)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_sentence_is_one_readable_line(case: Case) -> None:
    """No node numbers, no names of classes, brackets that close, no line that nobody reads to its end."""
    detail = diagnosed(case).detail
    assert 10 < len(detail) < 240
    assert "\n" not in detail
    assert not detail.endswith(".")
    assert not re.search(
        r"<|Node|Contract|Input\(|None\b(?!])|0x", detail.replace(" < ", " ").replace("<=", "")
    )
    if "..." not in detail:
        assert all(detail.count(a) == detail.count(b) for a, b in ("()", "[]"))


def assert_repaired(case: Case) -> None:
    found, of, wrt = diagnosed(case), case.options.get("of", "gradient"), case.options.get("wrt", 0)
    question = ask(case.fn, case.claim, parameters(case.fn, case.inputs), wrt, of)
    assert question.claimed is not None
    if found.repair is None:
        assert found.kind in ("nan", "cancellation")
    else:
        assert repairs(found.repair, question, question.truth.outputs[0], question.claimed[0]), found


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_the_repair_gives_the_derivative(case: Case) -> None:
    assert_repaired(case)


def test_all_kinds_and_questions_are_among_the_cases() -> None:
    assert {case.kind for case in CASES} == set(KINDS) - {"optimizer"}
    asked = {case.options.get("of", "gradient") for case in CASES}
    assert asked == {"gradient", "vjp", "jvp", "jacobian", "hessian", "hvp", "value"}


@pytest.mark.parametrize("scale", [-1, 2, -3, 0.5, 0.125, 1 / 3, -0.7])
def test_the_repaired_claim_is_proved(scale: float) -> None:
    def claim(x: Any) -> Any:
        return scale * 2 * x

    repair = mistake(squares, claim, X).repair
    assert repair is not None
    number = -1 if repair == "-yours" else Fraction(repair.removesuffix(" * yours"))
    assert sd.check(squares, lambda x: float(number) * claim(x), X).status == "proved"


@pytest.mark.parametrize("scale", [0.9991, 1 / np.log(2), -np.pi])
def test_the_repair_of_a_factor_that_is_no_short_number_is_exact(scale: float) -> None:
    """Digits of a quotient would leave a claim that is refuted again."""
    case = Case("factor", squares, lambda x: scale * 2 * x, X, "", "")
    assert diagnosed(case).kind == "factor"
    assert_repaired(case)


# Several results, several lines -------------------------------------------------------------------------------


def test_exchanged_results() -> None:
    def claim(x: Any, y: Any) -> Any:
        return np.cos(x * y) * x, np.cos(x * y) * y

    parts = refuted(lambda x, y: np.sum(np.sin(x * y)), claim, (X, Y), wrt=(0, 1)).parts
    found = [part.mistake for part in parts.values() if part.mistake is not None]
    assert [(m.kind, m.detail, m.repair) for m in found] == [
        ("swapped", "this is the derivative by y", "exchange the two results"),
        ("swapped", "this is the derivative by x", "exchange the two results"),
    ]


def test_one_result_given_twice_is_no_exchange() -> None:
    def claim(x: Any, y: Any) -> Any:
        return np.cos(x * y) * x, np.cos(x * y) * x

    found = mistake(lambda x, y: np.sum(np.sin(x * y)), claim, (X, Y), wrt=(0, 1))
    assert (found.kind, found.detail) == ("swapped", "this is the derivative by y")
    assert found.repair == "y*cos(x*y)"


def test_only_the_wrong_result_has_a_mistake() -> None:
    verdict = refuted(lambda x, y: np.sum(x * y), lambda x, y: (y, -x), (X, Y), wrt=(0, 1))
    right, wrong = verdict.parts.values()
    assert (right.status, right.mistake) == ("proved", None)
    assert wrong.mistake == verdict.mistake


def test_the_line_is_that_of_the_edit_not_of_the_return() -> None:
    def claim(W: Any, x: Any) -> Any:
        hidden = np.tanh(W @ x)
        slope = 1 + hidden**2
        delta = 2 * hidden * slope
        return W.T @ delta

    found = mistake(lambda W, x: np.sum(np.tanh(W @ x) ** 2), claim, (R, X), wrt="x")
    assert found.kind == "sign"
    assert found.where == f"tests/test_diagnosis.py:{claim.__code__.co_firstlineno + 2}"


def test_a_step_of_the_function_is_named_by_its_author() -> None:
    def f(x: Any) -> Any:
        z = sd.name(np.tanh(x), "z")
        return np.sum(np.sin(z) + z**2)

    found = mistake(f, lambda x: np.cos(np.tanh(x)) + 2 * np.tanh(x), X)
    assert found.kind == "chain"
    assert found.where is not None
    assert found.where.startswith("tests/test_diagnosis.py:")


def test_the_same_mistake_at_every_step_of_a_recurrence() -> None:
    def f(w: Any, h: Any) -> Any:
        for _ in range(3):
            h = np.tanh(w * h)
        return np.sum(h)

    def claim(w: Any, h: Any) -> Any:
        states = [h]
        for _ in range(3):
            states.append(np.tanh(w * states[-1]))
        delta, total = np.ones(3), np.zeros(3)
        for k in (2, 1, 0):
            total = total + delta * states[k]
            delta = delta * w
        return total

    found = mistake(f, claim, (X, Y))
    assert (found.kind, found.where is not None) == ("chain", True)
    assert found.detail.startswith("the derivative of every tanh(")


# Would these tests notice a diagnosis that is wrong? ------------------------------------------------------------


def every_case_passes(kinds: set[str]) -> bool:
    try:
        for case in CASES:
            if case.kind in kinds:
                assert_told(case)
                assert_repaired(case)
    except (AssertionError, NameError, SyntaxError, ValueError, TypeError):
        return False
    return True


@pytest.mark.parametrize(
    ("module", "right", "wrong", "kind"),
    [
        (wholes, "right = alg.scale(store, claim, -1)", "right = claim", "sign"),
        (wholes, "alg.scale(store, claim, 1 / short)", "alg.scale(store, claim, short)", "factor"),
        (wholes, 'f"{1 / short} * yours"', 'f"{short} * yours"', "factor"),
        (wholes, "flipped = alg.transpose(store, claim, order)", "flipped = claim", "transpose"),
        (ratios, "return f\"{'-' if number < 0 else ''}sqrt({abs(number)})\"", 'return f"-sqrt({abs(number)})"', "factor"),
        (terms, 'else "sign" if abs(c + 1) < _FLAT', 'else "sign" if abs(c - 2) < _FLAT', "sign"),
        (terms, "pairs.append((truth - off, claim - off))", "pairs.append((claim - off, truth - off))", "factor"),
        (factors, '"the cotangent" if question.of == "vjp" else "the direction"', '"the direction"', "upstream"),
        (factors, "product = alg.multiply(store, site.node, wide)", "product = alg.add(store, site.node, wide)", "chain"),
        (operands, "turned = alg.transpose(store, node, order)", "turned = node", "transpose"),
        (reductions, "{_text(found.axes)} instead of {_text(axes)}", "{_text(axes)} instead of {_text(found.axes)}", "wrong_axis"),
        (formula_edits, "order = [*values[:k], values[k + 1], values[k], *values[k + 2 :]]", "order = values", "swapped"),
        (paths, 'return Suspect("missing_path", detail, screen.claim, without, repair, place)', 'return Suspect("missing_path", detail, screen.claim, screen.truth, repair, place)', "missing_path"),
        (paths, 'else f"yours + {missing}"', 'else f"yours - {missing}"', "missing_path"),
        (editing, "if not self.screen.mends(edges, nodes):", "if self.screen.mends(edges, nodes):", "extra_term"),
        (editing, "changed = [edges.get((node, slot), new.get(n, n)) for slot, n in enumerate(operands)]", "changed = list(operands)", "extra_term"),
        (assumptions, "if agree(question, truth, claim, probes(question, narrow, _MANY)):", "if False:", "assumption"),
        (shapes, 'repair = "yours.T" if len(own) == 2', 'repair = "yours" if len(own) == 2', "transpose"),
        (choosing, "return rank(assumed.kind) < rank(ordered[0].kind)", "return True", "threshold"),
        (choosing, "return question.places.get(node) or", "return", "stale"),
        (choosing, "key=lambda s: (-s.strength, _order(s, fitting))", "key=lambda s: (s.strength, -_order(s, fitting))", "threshold"),
    ],
)  # fmt: skip
def test_a_faulty_diagnosis_is_noticed(module: Any, right: str, wrong: str, kind: str) -> None:
    with planted(module, right, wrong):
        assert not every_case_passes({kind})
