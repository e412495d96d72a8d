"""Are the functions that are confused with one another what their names say, and are other forms found?"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import scipy.special
import sympy as sp
from faults import planted

import symdiff as sd
from symdiff.checking.arguments import parameters
from symdiff.checking.mistakes import forms, formula_edits, functions
from symdiff.checking.mistakes.forms import as_formula
from symdiff.checking.mistakes.functions import FAMILIES, FUNCTIONS, SCALES, Scalar
from symdiff.checking.mistakes.kinds import KINDS
from symdiff.checking.mistakes.probing import probes
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.options import Options
from symdiff.checking.questions import ask
from symdiff.evaluation.reference import evaluate
from symdiff.ir import formulas

# ruff: noqa: E501, SIM905  (tables)

Function = Callable[[Any], Any]
POINTS = np.array([-2.5, -0.75, -0.125, 0.25, 0.5, 1.5, 2.875])
INSIDE = np.array([0.0625, 0.25, 0.5, 0.875])  # where all of them have a value

NUMPY: dict[str, Function] = {
    **{name: getattr(np, name) for name in "sin cos tan exp log sqrt tanh sinh cosh arctan arcsin log1p expm1 abs".split()},
    "sigmoid": scipy.special.expit,
    "softplus": lambda x: np.logaddexp(0, x),
    "square": np.square,
    "half the square": lambda x: x**2 / 2,
    "cube": lambda x: x**3,
    "reciprocal": np.reciprocal,
    "erf": scipy.special.erf,
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "silu": lambda x: x * scipy.special.expit(x),
}  # fmt: skip

FORMS: dict[str, dict[str, Function]] = {
    "GELU": {
        "the form with erf": lambda x: x * scipy.special.ndtr(x),
        "the form with tanh": lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        "the form with sigmoid(1.702 x)": lambda x: x * scipy.special.expit(1.702 * x),
    },
    "logarithm": {"base e": np.log, "base 2": np.log2, "base 10": np.log10},
    "sinc": {"sin(x)/x": lambda x: np.sinc(x / np.pi), "sin(pi x)/(pi x)": np.sinc},
    "sine": {"of radians": np.sin, "of degrees": lambda x: np.sin(np.deg2rad(x))},
    "cosine": {"of radians": np.cos, "of degrees": lambda x: np.cos(np.deg2rad(x))},
    "hard sigmoid": {
        "clip(x/6 + 1/2)": lambda x: np.clip(x / 6 + 0.5, 0, 1),
        "clip(x/5 + 1/2)": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
        "clip((x + 1)/2)": lambda x: np.clip((x + 1) / 2, 0, 1),
    },
    "swish": {
        "x sigmoid(x)": lambda x: x * scipy.special.expit(x),
        "x clip(x/6 + 1/2)": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    },
    "softplus": {"log(1 + exp(x))": lambda x: np.logaddexp(0, x), "beta = 2": lambda x: np.logaddexp(0, 2 * x) / 2},
    "Huber loss": {
        "Huber's form": lambda x: np.where(np.abs(x) < 1, x**2 / 2, np.abs(x) - 0.5),
        "the smooth form": lambda x: x**2 / (np.sqrt(1 + x**2) + 1),
    },
    "leaky ReLU": {
        f"slope {slope}": lambda x, slope=slope: np.where(x > 0, x, slope * x) for slope in (0.01, 0.1, 0.2, 0.3)
    },
}  # fmt: skip


def values(scalar: Scalar, points: Any) -> Any:
    """The values of a formula of SymPy, with 15 digits."""
    a = sp.Symbol("a", real=True)
    expression = sp.sympify(scalar(a), strict=True)
    return np.array([float(sp.N(expression.subs(a, sp.Rational(str(x))), 20)) for x in points])


def assert_is(scalar: Scalar, function: Function, points: Any) -> None:
    np.testing.assert_array_max_ulp(values(scalar, points), np.asarray(function(points), dtype=float), 16)


def points_of(name: str) -> Any:
    return INSIDE if name in ("log", "log1p", "sqrt", "arcsin", "logarithm") else POINTS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_those_of_numpy_and_scipy(name: str) -> None:
    assert_is(FUNCTIONS[name], NUMPY[name], points_of(name))


def test_no_function_stands_twice() -> None:
    found = {name: tuple(np.round(values(scalar, INSIDE), 12)) for name, scalar in FUNCTIONS.items()}
    same = {(a, b) for a, b in combinations(found, 2) if found[a] == found[b]}
    assert same == {("identity", "relu"), ("identity", "abs"), ("identity", "elu"), ("relu", "abs"), ("relu", "elu"), ("abs", "elu")}  # fmt: skip
    apart = {
        tuple(np.round(values(FUNCTIONS[name], POINTS), 12)) for name in ("identity", "relu", "abs", "elu")
    }
    assert len(apart) == 4


def test_scales_are_functions_by_another_name() -> None:
    names = {"the logarithm": "log", "the exponential": "exp", "the root": "sqrt"}
    for name, scalar in SCALES.items():
        own = FUNCTIONS[names.get(name, name.removeprefix("the "))]
        assert as_formula(scalar) is as_formula(own)


@pytest.mark.parametrize("family", FAMILIES)
def test_families_are_what_they_say(family: str) -> None:
    points = points_of(family)
    assert FAMILIES[family].keys() == FORMS[family].keys()
    for form, scalar in FAMILIES[family].items():
        assert_is(scalar, FORMS[family][form], points)
    for one, other in combinations(FAMILIES[family].values(), 2):
        assert np.max(abs(values(one, points) - values(other, points))) > 1e-4, family


# Forms in a graph -------------------------------------------------------------------------------------------


def found_forms(fn: Function, x: Any) -> list[tuple[str, Any]]:
    """The words and the values of the other forms of what a function computes."""
    question = ask(fn, lambda x: x, parameters(fn, (x,)), 0, "gradient")
    assert question.claimed is not None
    store, points = question.truth.store, probes(question, Options())
    screen = Screen(store, points, question.truth.outputs[0], question.claimed[0])
    known = {question.forward.inputs[0]: np.asarray(x, dtype=float)}
    return [
        (form.words, evaluate(sd.Graph(store, (question.forward.inputs[0],), (form.other,)), known, np.dtype(float))[form.other])
        for form in forms.other_forms(screen, question.forward.nodes)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("family", "form"),
    [("GELU", "the form with erf"), ("GELU", "the form with tanh"), ("softplus", "log(1 + exp(x))"), ("swish", "x sigmoid(x)")],
)  # fmt: skip
def test_other_forms_of_a_function(family: str, form: str) -> None:
    written: dict[str, Function] = {
        "the form with erf": lambda x: np.sum(x * scipy.special.ndtr(x)),
        "the form with tanh": lambda x: np.sum(
            0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
        ),
        "log(1 + exp(x))": lambda x: np.sum(np.log(1 + np.exp(x))),
        "x sigmoid(x)": lambda x: np.sum(x / (1 + np.exp(-x))),
    }
    found = dict(found_forms(written[form], POINTS))
    for other, function in FORMS[family].items():
        if other != form:
            shown = found[f"the {family}: {other} where the function has {form}"]
            np.testing.assert_array_max_ulp(shown, function(POINTS), 64)


def test_means_over_one_entry_less() -> None:
    found = found_forms(np.var, POINTS)
    assert any(
        words == "a mean over 6 entries, not 7" and np.isclose(v, np.var(POINTS, ddof=1))
        for words, v in found
    )


def test_the_constant_on_the_other_side_of_a_root() -> None:
    found = found_forms(lambda x: np.sum(x / np.sqrt(x**2 + 0.25)), POINTS)
    ((words, moved),) = [(w, v) for w, v in found if "other side of the root" in w]
    assert words.startswith("the constant of ")
    assert any(
        np.allclose(moved, v) for v in (abs(POINTS) + 0.25, 1 / (abs(POINTS) + 0.25), 1 / (POINTS**2 + 0.25))
    )


def test_a_smooth_function_has_no_other_form() -> None:
    assert found_forms(lambda x: np.sum(np.tanh(x)), POINTS) == []


# Edits of a formula -----------------------------------------------------------------------------------------

A, B = formulas.ARGUMENTS[:2]


@pytest.mark.parametrize(
    ("expression", "arity", "wanted"),
    [
        (1 - A**2, 1, {("sign", 1 + A**2), ("sign", -1 - A**2), ("wrong_function", 1 - A), ("wrong_function", 1 - A**4)}),
        (A - B, 2, {("sign", A + B), ("swapped", B - A)}),
        (A + 1, 1, {("extra_term", A)}),
        (sp.sin(A), 1, {("wrong_function", sp.cos(A)), ("wrong_function", sp.sinh(A))}),
        (sp.Piecewise((A, A > 0), (B, True)), 2, {("swapped", sp.Piecewise((B, A > 0), (A, True))), ("threshold", A), ("threshold", B)}),
        (1 / A, 1, {("wrong_function", A**-2)}),
    ],
)  # fmt: skip
def test_formulas_with_one_change(expression: Any, arity: int, wanted: set[tuple[str, Any]]) -> None:
    found = {
        (kind, f.expression) for kind, _, _, f in formula_edits.variants(formulas.formula(expression, arity))
    }
    assert {(kind, formulas.formula(e, arity).expression) for kind, e in wanted} <= found
    assert expression not in {e for _, e in found}
    assert {kind for kind, _ in found} <= set(KINDS)


@pytest.mark.parametrize(
    ("module", "right", "wrong", "test"),
    [
        (functions, "return 1 / (1 + sp.exp(-a))", "return 1 / (1 + sp.exp(a))", "sigmoid"),
        (functions, "return a * (1 + sp.erf(a / sp.sqrt(2))) / 2", "return a * (1 + sp.erf(a)) / 2", "GELU"),
        (functions, "return sp.Piecewise((0, a < 0), (1, a > 1), (a, True))", "return sp.Piecewise((0, a < 0), (a, True))", "hard"),
        (forms, "for old, new in ((n, n - 1), (n - 1, n)):", "for old, new in ((n, n + 1),):", "mean"),
        (formula_edits, 'f"the sign of {term} is wrong", rest - term', 'f"the sign of {term} is wrong", rest', "sign"),
    ],
    ids=["sigmoid", "gelu", "clip", "mean", "sign"],
)  # fmt: skip
def test_a_wrong_form_is_noticed(module: Any, right: str, wrong: str, test: str) -> None:
    tests: dict[str, Callable[[], None]] = {
        "sigmoid": lambda: test_functions_are_those_of_numpy_and_scipy("sigmoid"),
        "GELU": lambda: test_families_are_what_they_say("GELU"),
        "hard": lambda: test_families_are_what_they_say("hard sigmoid"),
        "mean": test_means_over_one_entry_less,
        "sign": lambda: test_formulas_with_one_change(A - B, 2, {("sign", A + B)}),
    }
    with planted(module, right, wrong), pytest.raises(AssertionError):
        tests[test]()
