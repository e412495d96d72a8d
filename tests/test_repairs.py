"""Are repairs written in the claim's own names, only where these hold what is meant, and still right?"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from faults import planted
from printed_repairs import repairs

import symdiff as sd
from symdiff.checking import local_names, regrouping
from symdiff.checking import repairs as written
from symdiff.checking.arguments import parameters
from symdiff.checking.questions import Question, ask

X, G = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0])
ROWS = np.array([[0.5, -1.0, 2.0], [0.25, 0.0, 1.5]])


def softmax(x: Any) -> Any:
    e = np.exp(x)
    return e / np.sum(e, axis=-1, keepdims=True)


def shifted(x: Any) -> Any:
    return softmax(x - np.max(x, axis=-1, keepdims=True))


def softmax_back(x: Any, g: Any) -> Any:
    y = softmax(x)
    return y * g


def shifted_back(x: Any, g: Any) -> Any:
    y = shifted(x)
    return y * g * 2


def entropy(z: Any, t: Any) -> Any:
    return -np.sum(t * np.log(shifted(z)))


def entropy_slope(z: Any, t: Any) -> Any:
    p = shifted(z)
    return p * p - t


def unit(x: Any) -> Any:
    return x / np.sqrt(np.sum(x**2))


def unit_back(x: Any, g: Any) -> Any:
    n = np.sqrt(np.sum(x**2))
    u = x / n  # not used below, and a name all the same
    del u
    v = x / n
    return g / n - v * n


def normalised(x: Any) -> Any:
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 0.5)


def normalised_back(x: Any, g: Any) -> Any:
    s = np.sqrt(((x - x.mean(-1, keepdims=True)) ** 2).mean(-1, keepdims=True) + 0.5)
    hat = (x - x.mean(-1, keepdims=True)) / s
    return (g - g.mean(-1, keepdims=True)) / s + hat * hat


def network(W: Any, x: Any, b: Any) -> Any:
    return np.sum(np.tanh(W @ x + b) ** 2)


def network_slope(W: Any, x: Any, b: Any) -> Any:
    h = np.tanh(W @ x + b)
    d = 2 * h * (1 - h)
    return np.outer(d, x)


Row = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...], str, str]
NAMED: list[Row] = [
    (softmax, softmax_back, (X,), "vjp", "yours - y*dot(y, g)  where y = exp(x)/sum(exp(x))"),
    (shifted, shifted_back, (ROWS,), "vjp",
     "y*(g - sum(y*g, axis=1)[:, None])  where t1 = exp(x - max(x, axis=1)[:, None]), y = t1/sum(t1, axis=1)[:, None]"),
    (entropy, entropy_slope, (X, G), "gradient",
     "p*sum(t) - t  where p = exp(z - max(z, axis=0))/sum(exp(z - max(z, axis=0)))"),
    (unit, unit_back, (X,), "vjp", "(g - v*dot(v, g))/n  where n = sqrt(sum(x**2)), v = x/n"),
    (normalised, normalised_back, (ROWS,), "vjp",
     "(g - hat*sum(hat*g, axis=1)[:, None]/3 - sum(g, axis=1)[:, None]/3)/s  where "
     "t1 = x - (sum(x, axis=1)/3)[:, None], s = sqrt((sum(t1**2, axis=1)/3)[:, None] + 1/2), hat = t1/s"),
    (network, network_slope, (ROWS, X, np.ones(2)), "gradient",
     "outer(2*(1 - h)*(h + h**2), x)  where h = tanh(b + W @ x)"),
]  # fmt: skip


def asked(fn: Callable[..., Any], claim: Callable[..., Any], inputs: tuple[Any, ...], of: Any) -> Question:
    return ask(fn, claim, parameters(fn, inputs), 0, of)


@pytest.mark.parametrize(
    ("fn", "claim", "inputs", "of", "text"), NAMED, ids=lambda v: getattr(v, "__name__", "")
)
def test_repairs_use_the_claims_own_names(
    fn: Callable[..., Any], claim: Callable[..., Any], inputs: tuple[Any, ...], of: Any, text: str
) -> None:
    mistake = sd.check(fn, claim, inputs, of=of).mistake
    assert mistake is not None
    assert mistake.repair == text
    question = asked(fn, claim, inputs, of)
    assert question.claimed is not None
    assert repairs(text, question, question.truth.outputs[0], question.claimed[0])


# Which names ------------------------------------------------------------------------------------------------


def names(claim: Callable[..., Any]) -> set[str]:
    return set(local_names.local_names(asked(lambda x: np.exp(x), claim, (X,), "vjp")).values())


def test_a_name_is_what_the_variable_holds_at_the_end() -> None:
    def claim(x: Any, g: Any) -> Any:
        y = np.sin(x)
        y = y * g
        return y + g

    question = asked(lambda x: np.sin(x), claim, (X,), "vjp")
    store = question.truth.store
    ((node, name),) = local_names.local_names(question).items()
    assert name == "y"
    assert set(question.truth.inputs) < set(store.ancestors([node]))


def test_names_that_would_mislead_are_not_taken() -> None:
    def claim(x: Any, g: Any) -> Any:
        own = np.exp(x)
        x = own * 2  # the name of an argument
        sum = own * 3  # that of a function
        yours = own * 4
        t1 = own * 5
        _hidden = own * 6
        two = 2.0
        same = g
        return x + sum + yours + t1 + _hidden + two + same

    assert names(claim) == {"own"}


def test_inner_functions_have_names_of_their_own() -> None:
    def claim(x: Any, g: Any) -> Any:
        def inner(v: Any) -> Any:
            hidden = np.exp(v)
            return hidden * 2

        shown = inner(x)
        return shown * g

    assert names(claim) == {"shown"}


def test_a_profile_that_runs_is_left_alone() -> None:
    seen: list[str] = []

    def profile(_: Any, event: str, __: Any) -> None:
        seen.append(event)

    sys.setprofile(profile)
    try:
        found = names(softmax_back)
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)
    assert found == set()
    assert names(softmax_back) == {"y"}
    assert sys.getprofile() is None


def test_without_names_a_repair_is_the_derivative() -> None:
    mistake = sd.check(unit, lambda x, g: g * x, (X,), of="vjp").mistake
    assert mistake is not None
    assert "dot(x, g)" in (mistake.repair or "")


def test_what_is_not_proved_is_not_said() -> None:
    """A wrong rewriting shows up in no repair."""
    fn, claim, inputs, of, text = NAMED[3]
    with planted(regrouping, "old.scale + term.scale", "old.scale + 2 * term.scale"):
        mistake = sd.check(fn, claim, inputs, of=of).mistake
    assert mistake is not None
    assert mistake.repair not in (None, text)
    question = asked(fn, claim, inputs, of)
    assert question.claimed is not None
    assert repairs(mistake.repair or "", question, question.truth.outputs[0], question.claimed[0])


# The tests see faults ------------------------------------------------------------------------------------------


def holds(k: int) -> Callable[[], None]:
    return lambda: test_repairs_use_the_claims_own_names(*NAMED[k])


@pytest.mark.parametrize(
    ("module", "right", "wrong", "test"),
    [
        (written, "[node], [other]", "[node], [node]", lambda: test_what_is_not_proved_is_not_said()),
        (regrouping, "if len(best) > few and", "if False and", holds(2)),
        (regrouping, "_common(terms) if len(terms) > 1 else {}", "{}", holds(3)),
        (regrouping, "return _collected(terms)", "return terms", holds(3)),
        (local_names, "name in inputs or", "", test_names_that_would_mislead_are_not_taken),
    ],
)  # fmt: skip
def test_faults_are_noticed(module: Any, right: str, wrong: str, test: Callable[[], None]) -> None:
    with planted(module, right, wrong), pytest.raises(AssertionError):
        test()
