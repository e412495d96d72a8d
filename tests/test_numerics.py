"""Is a claim that is right as mathematics told where its floats overflow, underflow or cancel, and what would not?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from every_shape_claims import layer_norm
from scipy import special

import symdiff as sd

Function = Callable[..., Any]
exp = np.exp
X = np.array([0.3, -1.2, 2.0])
LABEL = np.array([0.0, 1.0, 0.0])


def total(fn: Function) -> Function:
    return lambda x: np.sum(fn(x))


def sigmoid(z: Any) -> Any:
    return 1 / (1 + exp(-z))


def softmax(x: Any) -> Any:
    e = exp(x - x.max())
    return e / e.sum()


def softplus(x: Any) -> Any:
    return np.logaddexp(0, x)


def cross_entropy(x: Any, y: Any) -> Any:
    return special.logsumexp(x) * y.sum() - x @ y


def norm_backward(x: Any, g: Any, b: Any, y_bar: Any, variance: Any) -> Any:
    r = 1 / np.sqrt(variance + 1e-5)
    x_hat, h = (x - x.mean(-1, keepdims=True)) * r, y_bar * g
    return r * (h - h.mean(-1, keepdims=True) - x_hat * (h * x_hat).mean(-1, keepdims=True))


def by_squares(x: Any, g: Any, b: Any, y_bar: Any) -> Any:
    variance = (x**2).mean(-1, keepdims=True) - x.mean(-1, keepdims=True) ** 2
    return norm_backward(x, g, b, y_bar, variance)


def centred(x: Any, g: Any, b: Any, y_bar: Any) -> Any:
    variance = ((x - x.mean(-1, keepdims=True)) ** 2).mean(-1, keepdims=True)
    return norm_backward(x, g, b, y_bar, variance)


NORM = (np.array([[0.3, -1.2, 2.0, 0.7]]), np.ones(4), np.zeros(4))
VALUE = {"of": "value"}
VJP = {"of": "vjp"}
Row = tuple[Function, Function, tuple[Any, ...], dict[str, Any], str, str]

# function, claim, inputs, options, what happens, and the stable form
UNSTABLE: dict[str, Row] = {
    "slope of sigmoid": (
        total(sigmoid), lambda z: exp(-z) / (1 + exp(-z)) ** 2, (X,), {}, "overflows", "expit(-x)*expit(x)",
    ),
    "slope of sigmoid, a number": (
        sigmoid, lambda z: exp(-z) / (1 + exp(-z)) ** 2, (0.5,), {}, "overflows", "expit(-z)*expit(z)",
    ),
    "slope of sigmoid, for every shape": (
        total(sigmoid), lambda z: exp(-z) / (1 + exp(-z)) ** 2, ("n",), {}, "overflows", "expit(-x)*expit(x)",
    ),
    "softplus": (softplus, lambda x: np.log(1 + exp(x)), (X,), VALUE, "overflows", "logaddexp(0, x)"),
    "slope of softplus": (total(softplus), lambda x: exp(x) / (1 + exp(x)), (X,), {}, "overflows", "expit(x)"),
    "with a cotangent": (
        softplus, lambda x, g: g * exp(x) / (1 + exp(x)), (X,), VJP, "overflows", "g*expit(x)",
    ),
    "tanh": (
        np.tanh, lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)), (X,), VALUE, "overflows", "tanh(x)",
    ),
    "softmax": (
        special.logsumexp, lambda x: exp(x) / exp(x).sum(), (X,), {}, "overflows", "exp(x - x.max())",
    ),
    "softmax of single precision": (
        special.logsumexp, lambda x: exp(x) / exp(x).sum(), (X.astype("f4"),), {"dtype": "float32"}, "overflows",
        "exp(x - x.max())",
    ),
    "softmax with cross-entropy": (
        cross_entropy, lambda x, y: exp(x) / exp(x).sum() * y.sum() - y, (X, LABEL), {}, "overflows",
        "exp(x - x.max())",
    ),
    "log of softmax": (
        lambda x: x - special.logsumexp(x), lambda x: np.log(softmax(x)), (X,), VALUE, "overflows", "sd.trace(fn)",
    ),
    "log1p": (np.log1p, lambda x: np.log(1 + x), (X**2,), VALUE, "cancels", "log1p(x)"),
    "expm1": (np.expm1, lambda x: exp(x) - 1, (X,), VALUE, "cancels", "expm1(x)"),
    "1 - cos": (
        lambda x: np.sum(x - np.sin(x)), lambda x: 1 - np.cos(x), (X,), {}, "underflows", "2*sin(x/2)**2",
    ),
    "variance by squares": (layer_norm, by_squares, NORM, VJP, "cancels", "((x - x.mean())**2).mean()"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSTABLE)
def test_what_floats_make_of_a_right_claim(name: str) -> None:
    fn, claim, inputs, options, kind, form = UNSTABLE[name]
    verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "proved", str(verdict)
    assert verdict.numerics is not None
    assert verdict.numerics.startswith(f"{kind} in {options.get('dtype', 'float64')}: "), verdict.numerics
    assert form.replace("(x", "(z") in verdict.numerics or form in verdict.numerics, verdict.numerics
    assert "\n" not in verdict.numerics


STABLE: dict[str, tuple[Function, Function, tuple[Any, ...], dict[str, Any]]] = {
    "cosine": (total(np.sin), np.cos, (X,), {}),
    "an exponential": (total(exp), exp, (X,), {}),
    "a power": (total(lambda x: x**9), lambda x: 9 * x**8, (X,), {}),
    "s(1-s)": (total(sigmoid), lambda x: special.expit(x) * special.expit(-x), (X,), {}),
    "tanh": (total(np.tanh), lambda x: 1 - np.tanh(x) ** 2, (X,), {}),
    "softmax": (special.logsumexp, softmax, (X,), {}),
    "softmax of single precision": (special.logsumexp, softmax, (X.astype("f4"),), {"dtype": "float32"}),
    "cross-entropy": (cross_entropy, lambda x, y: softmax(x) * y.sum() - y, (X, LABEL), {}),
    "layer norm": (layer_norm, centred, NORM, VJP),
    "a logarithm": (total(np.log), lambda x: 1 / x, (X**2,), {}),
    "a logarithm inside": (total(np.log), lambda x: 1 / x, (X**2,), {"domain": {"x": (0, 4)}}),
    "a norm": (lambda x: np.sqrt(x @ x), lambda x: x / np.sqrt(x @ x), (X,), {}),
    "a product": (lambda A, x: A @ x, lambda A, x, g: np.outer(g, x), (np.eye(3), X), VJP),
    "relu": (total(lambda x: np.maximum(x, 0)), lambda x: (x > 0) * 1.0, (X,), {}),
}


@pytest.mark.parametrize("name", STABLE)
def test_nothing_is_said_of_a_stable_claim(name: str) -> None:
    fn, claim, inputs, options = STABLE[name]
    verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "proved", str(verdict)
    assert verdict.numerics is None


def test_the_sentence_can_be_checked() -> None:
    """The point that is named is where it happens, and the form that is named is right there."""
    verdict = sd.check(total(sigmoid), lambda z: exp(-z) / (1 + exp(-z)) ** 2, (np.zeros(2),))
    assert verdict.numerics == (
        "overflows in float64: entry [0] is nan at x = [-800, -560], exactly 0; expit(-x)*expit(x) is right there"
    )
    with np.errstate(all="ignore"):
        assert np.isnan(exp(800.0) / (1 + exp(800.0)) ** 2)
    assert special.expit(-800.0) * special.expit(800.0) == 0


def test_at_the_inputs_that_were_given_it_refutes() -> None:
    """What happens elsewhere is told; what happens at the caller's own inputs decides."""
    verdict = sd.check(total(sigmoid), lambda z: exp(-z) / (1 + exp(-z)) ** 2, (np.array([-800.0, 1.0]),))
    assert verdict.status == "refuted"
    assert verdict.mistake is not None
    assert verdict.mistake.kind == "nan"


def test_a_domain_limits_the_magnitudes() -> None:
    def claim(z: Any) -> Any:
        return exp(-z) / (1 + exp(-z)) ** 2

    assert sd.check(total(sigmoid), claim, (np.ones(2),), domain={"x": (-30, 30)}).numerics is None
    assert sd.check(total(sigmoid), claim, (np.ones(2),), domain={"x": (0, None)}).numerics is None


def test_it_costs_little() -> None:
    """A stable claim is called a few times; the whole check stays far below what one probe in balls costs."""
    sd.check(special.logsumexp, softmax, (X,))
    started = time.perf_counter()
    sd.check(special.logsumexp, softmax, (X,))
    assert time.perf_counter() - started < 1


def root(b: Any) -> Any:
    return 2 / (b + np.sqrt(b**2 - 4))


def naive_root(b: Any) -> Any:
    return (b - np.sqrt(b**2 - 4)) / 2


INSIDE: list[tuple[Callable[..., Any], Callable[..., Any], Any, dict[str, Any], str | None]] = [
    (lambda x: np.logaddexp(0, x), lambda x: np.exp(x) / (1 + np.exp(x)), 0.5, {"domain": {"x": (-1000, 1000)}}, "nan"),
    (lambda x: np.logaddexp(0, x), lambda x, g: g * np.exp(x) / (1 + np.exp(x)), np.ones(2),
     {"domain": {"x": (-1000, 1000)}, "of": "vjp"}, "nan"),
    (lambda x: np.logaddexp(0, x), lambda x: np.exp(x) / (1 + np.exp(x)), 0.5, {"domain": {"x": (-30, 30)}}, None),
    (lambda x: np.logaddexp(0, x), lambda x: np.exp(x) / (1 + np.exp(x)), 0.5, {"domain": {"x": (0, None)}}, None),
    (lambda x: np.logaddexp(0, x), lambda x: 1 / (1 + np.exp(-x)), 0.5, {"domain": {"x": (-1000, 1000)}}, None),
    (root, naive_root, 5.0, {"of": "value", "domain": {"b": (3, 1e9)}}, "cancellation"),
    (root, naive_root, 5.0, {"of": "value", "domain": {"b": (3, None)}}, None),
    (root, naive_root, 5.0, {"of": "value", "domain": {"b": (3, 100)}}, None),
    (root, naive_root, np.array([1e8, 3e8]), {"of": "value", "domain": {"b": (3, None)}}, "cancellation"),
    (lambda x: np.mean((x - x.mean()) ** 2), lambda x: np.mean(x**2) - np.mean(x) ** 2,
     np.array([1e8, 1e8 + 1, 1e8 + 2]), {"of": "value"}, "cancellation"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("fn", "claim", "x", "options", "kind"), INSIDE)
def test_floats_refute_at_the_callers_inputs_and_in_a_bounded_domain(
    fn: Callable[..., Any], claim: Callable[..., Any], x: Any, options: dict[str, Any], kind: str | None
) -> None:
    verdict = sd.check(fn, claim, (x,), **options)
    assert (verdict.status, verdict.mistake and verdict.mistake.kind) == (
        ("proved", None) if kind is None else ("refuted", kind)
    )


def test_the_place_in_the_domain_is_told() -> None:
    verdict = sd.check(root, naive_root, 5.0, of="value", domain={"b": (3, 1e9)})
    assert verdict.numerics is not None
    assert verdict.numerics.startswith("the value is 0 in floats inside your domain, at b = ")
