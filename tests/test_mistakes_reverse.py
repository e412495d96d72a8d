"""Are mistakes named that show only from the derivative's side: in its entries, its halves, its settings, its loss?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symdiff as sd
from symdiff.checking.arguments import parameters
from symdiff.checking.mistakes.addends import added, multiplied_by_a_sum
from symdiff.checking.mistakes.editing import Editing
from symdiff.checking.mistakes.masks import chooses
from symdiff.checking.mistakes.other_losses import LOSSES
from symdiff.checking.mistakes.probing import probes
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.mistakes.wholes import _is_exchange
from symdiff.checking.options import Options
from symdiff.checking.questions import ask
from symdiff.ir.formulas import ARGUMENTS, formula, from_function
from symdiff.verdicts import Mistake

Claim = Callable[..., Any]
U = np.array([0.5, -1.25, 2.0, 0.75])
V = np.array([0.75, 1.5, -0.25, 1.0])
S = np.array([[1.0, 0.5, -2.0], [0.25, -1.5, 0.75], [2.0, 1.25, 0.5]])


def mistake(fn: Claim, claim: Claim, inputs: Any, **options: Any) -> Mistake:
    verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "refuted"
    assert verdict.mistake is not None
    return verdict.mistake


def hidden(claim: Claim) -> Claim:
    """The claim in numbers that nobody can trace."""
    return lambda *arrays: claim(*[np.array(np.asarray(x).tolist()) for x in arrays])


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum()


CASES: dict[str, tuple[str, str, Claim, Claim, Any, dict[str, Any]]] = {
    "a setting": (
        "factor",
        "the derivative should be multiplied by 1/t",
        lambda x, t: np.sum(np.exp(x) / t),
        lambda x, t: np.exp(x),
        (U, 2.0),
        {"domain": {"t": (0.5, 4)}},
    ),
    "a setting of the first step": (
        "chain",
        "",
        lambda x, t: np.sum(np.exp(x / t)),
        lambda x, t: np.exp(x / t),
        (U, 2.0),
        {"domain": {"t": (0.5, 4)}},
    ),
    "no cotangent": (
        "upstream",
        "the cotangent does not occur in the claim",
        lambda x: np.concatenate([x[1:] * x[:-1], x[:1]]),
        lambda x, g: np.concatenate([x[1:], x[:1]]) + 1,
        (U,),
        {"of": "vjp"},
    ),
    "other half": (
        "swapped",
        "g[2:] stands where g[:2] should",
        lambda u, v: np.concatenate([u, v]),
        lambda u, v, g: g[2:],
        (U[:2], V[:2]),
        {"of": "vjp"},
    ),
    "a use of a slice": (
        "index",
        "x[1:] stands where x[:3] should",
        lambda x: np.sum(x[:-1] ** 2 * x[1:]),
        lambda x: (
            np.concatenate([2 * x[1:] * x[1:], np.zeros(1)]) + np.concatenate([np.zeros(1), x[:-1] ** 2])
        ),
        (U,),
        {},
    ),
    "one entry of several": (
        "index",
        "in 1 of 4 entries",
        lambda x: np.sum(x[:-1] * x[1:]),
        lambda x: np.array([x[1], x[0] + x[2], x[1] + x[2], x[2]]),
        (U,),
        {},
    ),
    "axes of the function": (
        "wrong_axis",
        "along another axis",
        lambda z: np.sum(np.log(np.exp(z).sum(axis=1))),
        hidden(lambda z: np.exp(z) / np.exp(z).sum(axis=0)),
        (S,),
        {},
    ),
    "one of two uses": (
        "symmetry",
        "A.T",
        lambda x, A: x @ A @ x + np.sum(x),
        hidden(lambda x, A: 2 * A @ x + 1),
        (U[:3], S),
        {},
    ),
    "no entry arrives": (
        "missing_path",
        "nothing arrives there",
        lambda x: np.sum(np.cumsum(x) ** 3),
        hidden(lambda x: 3 * np.cumsum((np.cumsum(x) ** 2)[::-1])[::-1] * np.array([1, 1, 0, 1])),
        (U,),
        {},
    ),
    "another loss": (
        "wrong_function",
        "the hinge loss",
        lambda s, y: np.sum(np.log(1 + np.exp(-y * s))),
        lambda s, y: -y * (y * s < 1),
        (U, V),
        {},
    ),
    "another parameter": (
        "chain",
        "by the exponential of s",
        lambda s: np.sum(s**3 + np.exp(-s)),
        lambda s: 3 * s**2 * np.exp(-s) - np.exp(-2 * s),
        (U,),
        {},
    ),
    "ones for a factor": (
        "chain",
        "",
        lambda x, W: np.sum(np.exp(x @ W)),
        lambda x, W: np.exp(x @ W) @ np.ones((3, 3)),
        (S, S),
        {},
    ),
    "diagonal without cotangent": (
        "upstream",
        "the cotangent is ignored",
        softmax,
        hidden(lambda z, g: softmax(z) * (1 - softmax(z))),
        (U,),
        {"of": "vjp"},
    ),
    "at the argument": (
        "stale",
        "in the derivative of sigmoid",
        lambda z: np.sum(1 / (1 + np.exp(-z))),
        hidden(lambda z: z * (1 - z)),
        (U,),
        {},
    ),
    "a product of a layer": (
        "stale",
        "x stands where",
        lambda x, w: w * (x - x.mean()) / np.sqrt(x.var() + 1),
        lambda x, w, g: g * x,
        (U, V),
        {"wrt": "w", "of": "vjp"},
    ),
    "minus inside": (
        "swapped",
        "exchanged",
        lambda z, u, v: np.sum(u**2 / (1 + np.exp(-z)) + v**2 / (1 + np.exp(z))),
        lambda z, u, v: 2 * u / (1 + np.exp(z)),
        (U, V, U),
        {"wrt": "u"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_said(name: str) -> None:
    kind, words, fn, claim, inputs, options = CASES[name]
    found = mistake(fn, claim, inputs, **options)
    assert found.kind == kind, found
    assert words in found.detail


def test_the_repair_of_a_setting_is_right() -> None:
    domain = {"t": (0.5, 4)}
    found = mistake(lambda x, t: np.sum(np.exp(x) / t), lambda x, t: np.exp(x), (U, 2.0), domain=domain)
    assert found.repair == "1/t * yours"
    assert sd.check(
        lambda x, t: np.sum(np.exp(x) / t), lambda x, t: 1 / t * np.exp(x), (U, 2.0), domain=domain
    ).ok


def edited(fn: Claim, claim: Claim, inputs: Any, of: Any) -> Editing:
    question = ask(fn, claim, parameters(fn, inputs), 0, of)
    assert question.claimed is not None
    points = probes(question, Options())
    screen = Screen(question.truth.store, points, question.truth.outputs[0], question.claimed[0])
    return Editing(question, 0, screen)


def test_a_lost_term_is_found() -> None:
    editing = edited(lambda x: np.sum(x * np.sin(x)), lambda x: x * np.cos(x), (U,), "gradient")
    assert "the term sin(x) is missing in x*cos(x)" in {s.detail for s in added(editing)}


def test_a_lost_factor_that_is_a_sum_is_found() -> None:
    editing = edited(softmax, lambda z, g: softmax(z) * g - softmax(z), (U,), "vjp")
    found = list(multiplied_by_a_sum(editing))
    assert found and {s.kind for s in found} == {"upstream"}
    assert all("is not multiplied by" in s.detail for s in found)


def test_values_that_never_change_are_saved_ones() -> None:
    kept: list[Any] = []

    def claim(x: Any) -> Any:
        kept.append(1 - np.tanh(np.array(np.asarray(x).tolist())) ** 2)
        return kept[0]

    assert mistake(lambda x: np.sum(np.tanh(x)), claim, (U,)).kind == "stale"


@pytest.mark.parametrize(
    ("places", "is_exchange"),
    [
        ([1, 0], True),
        ([2, 3, 0, 1], True),
        ([1, 0, 3, 2], True),
        ([2, 1, 0], False),
        ([1, 2, 0], False),
        ([0, 0, 1], False),
    ],
)
def test_pairs_that_change_places(places: list[int], is_exchange: bool) -> None:
    assert _is_exchange(places) is is_exchange


def test_a_sign_is_no_mask() -> None:
    is_mask = {
        "relu": lambda a: sp.Max(a, 0),
        "clip": lambda a: sp.Piecewise((-3, a < -3), (3, a > 3), (a, True)),
    }
    assert all(chooses(from_function(f, 1)) for f in is_mask.values())
    assert not chooses(from_function(sp.Abs, 1))
    assert not chooses(from_function(sp.exp, 1))


NUMPY: dict[str, Callable[[Any, Any], Any]] = {
    "the squared error": lambda p, y: (p - y) ** 2 / 2,
    "the absolute error": lambda p, y: np.abs(p - y),
    "the cross-entropy": lambda p, y: -y * np.log(p),
    "the binary cross-entropy": lambda p, y: -np.log(p**y * (1 - p) ** (1 - y)),
    "the binary cross-entropy of logits": lambda p, y: np.logaddexp(0, p) - y * p,
    "the logistic loss": lambda p, y: np.logaddexp(0, -y * p),
    "the hinge loss": lambda p, y: np.maximum(0, 1 - y * p),
    "the squared hinge loss": lambda p, y: np.maximum(0, 1 - y * p) ** 2,
    "the exponential loss": lambda p, y: np.exp(-y * p),
    "the Poisson loss": lambda p, y: p - y * np.log(p),
    "the Poisson loss of a logarithm": lambda p, y: np.exp(p) - y * p,
    "the log-cosh loss": lambda p, y: np.log(np.cosh(p - y)),
    "the smooth absolute error": lambda p, y: np.hypot(1, p - y),
    "the relative entropy": lambda p, y: p * np.log(p) - p * np.log(y),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_what_its_name_says(name: str) -> None:
    p, y = ARGUMENTS[:2]
    expression = formula(LOSSES[name](p, y), 2).expression
    for at in ((0.25, 0.5), (0.75, 0.125), (0.5, 0.875)):
        assert float(expression.subs({p: at[0], y: at[1]})) == pytest.approx(NUMPY[name](*at), rel=1e-12)
