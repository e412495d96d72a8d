"""Does a verdict say what was asked, what was found, and no more? Its texts, its data, and what may be asked."""

# ruff: noqa: E501  (tables)

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from faults import planted

import symdiff as sd
from symdiff.checking import checks, claims, faithful, floats, traced
from symdiff.checking.options import Options
from symdiff.errors import (
    DtypeError,
    ImpureFunction,
    InputError,
    ShapeError,
    SymdiffError,
    TracingError,
    UndecidedDerivative,
    UnknownFunction,
    ValueDependentBranch,
    WrongDerivative,
)
from symdiff.verdicts import Verdict, weakest

X = np.array([1.0, -2.0, 0.5])
A = np.array([[1.0, 2.0], [-3.0, 0.5]])
V = np.array([0.5, -2.0])
BOTH = (A, V)


def total_squares(x):  # no types: the signature stands in a text
    return np.sum(x**2)


def right(x: Any) -> Any:
    return 2 * x


def half(x: Any) -> Any:
    return x


def form(A: Any, x: Any) -> Any:
    return x @ A @ x


def assumes(A: Any, x: Any) -> Any:
    return np.outer(x, x), 2 * A @ x


# Texts ------------------------------------------------------------------------------------------------------


def assert_text(verdict: Verdict, text: str) -> None:
    """Compare the report with a text in which every place is ``test_checks.py:N``."""
    shown = re.sub(r"\S*test_checks\.py:\d+", "test_checks.py:N", str(verdict))
    assert re.sub(r"(?m)^( +)\d+ \|", r"\1N |", shown) == dedent(text).strip("\n")


def test_the_text_of_a_proof() -> None:
    assert_text(
        sd.check(total_squares, right, X),
        """
        PROVED   right: gradient of total_squares by x, for x (3,)
          Checked by      the same formula as the derived one; interval arithmetic at
                          rational points; differences of the function (120 digits)
        """,
    )


def test_the_text_of_a_refutation() -> None:
    assert_text(
        sd.check(total_squares, half, X),
        """
        WRONG GRADIENT   half, argument x   (certain)

          You return      x
          It should be    2 * yours
          Mistake         factor: 1/2 times the derivative

          Smallest example
              x = [1, 0]

                            dx[0]   dx[1]
              yours             1       0
              exact             2       0
              finite diff.      2       0   from total_squares alone
                            wrong

          Without any reference
              total_squares(t*x) = t**2 * total_squares(x) for t > 0, so sum(x * dx)
              must be 2 * total_squares(x) = 2; yours is 1

          Certain because the two values were enclosed in intervals that do not meet
          What is right   shape (3,); dx is odd in x
          Where           test_checks.py:N
                          N |     return x
          Not checked     shapes other than x (3,)

          Reproduce
              import numpy as np
              import symdiff as sd
              from test_checks import total_squares, half
              x = np.array([1.0, 0.0])
              # yours, exact:
              half(x), sd.grad(total_squares, wrt='x')(x)
        """,
    )


def test_the_text_of_no_decision() -> None:
    assert_text(
        sd.check(total_squares, right, X, timeout=0),
        """
        UNDECIDED   right: gradient of total_squares by x
          Reason          the time of 0 s is over
        """,
    )


def test_the_text_of_parts() -> None:
    assert_text(
        sd.check(form, assumes, BOTH, wrt=(0, 1)),
        """
        WRONG GRADIENT   assumes, argument x   (certain)

          A   proved      A (2, 2), x (2,)
          x   refuted     symmetry

          You return      2 * A @ x
          It should be    domain={"A": "symmetric"}, or A.T @ x + A @ x
          Mistake         symmetry: right only if A is symmetric, which was not given

          Smallest example
              A = [[0, 1],
                   [0, 0]]
              x = [1, 0]

                            dx[0]   dx[1]
              yours             0       0
              exact             0       1
              finite diff.      0       1   from form alone
                                    wrong

          Certain because the two values were enclosed in intervals that do not meet
          What is right   shape (2,); dx is odd in x; sum(x * dx) = 2 * form(x); A
                          (proved)
          Where           test_checks.py:N
                          N |     return np.outer(x, x), 2 * A @ x
          Not checked     shapes other than A (2, 2), x (2,)

          Reproduce
              import numpy as np
              import symdiff as sd
              from test_checks import form, assumes
              A = np.array([[0.0, 1.0], [0.0, 0.0]])
              x = np.array([1.0, 0.0])
              # yours, exact:
              assumes(A, x), sd.grad(form, wrt='x')(A, x)
        """,
    )


def test_the_snippet_reproduces() -> None:
    verdict = sd.check(total_squares, half, X)
    assert verdict.snippet is not None
    *lines, last = verdict.snippet.splitlines()
    names: dict[str, Any] = {"np": np, "sd": sd, "half": half, "total_squares": total_squares}
    exec("\n".join(lines), names)
    claimed, exact = eval(last, names)
    assert verdict.witness is not None
    assert (claimed[verdict.witness.index], exact[verdict.witness.index]) == (1, 2)


# Verdicts as data -------------------------------------------------------------------------------------------


def test_a_verdict_has_no_truth_value() -> None:
    for verdict in (sd.check(total_squares, right, X), sd.check(total_squares, half, X)):
        with pytest.raises(TypeError) as caught:
            bool(verdict)
        assert str(caught.value) == (
            f"bool(verdict)\n  status={verdict.status}\n  Use verdict.ok: undecided is neither true nor false."
        )


def test_a_verdict_is_frozen() -> None:
    verdict = sd.check(total_squares, half, X)
    for record, name in (
        (verdict, "status"),
        (verdict.witness, "claimed"),
        (verdict.mistake, "kind"),
        (verdict.evidence, "points"),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, name, None)


@pytest.mark.parametrize(
    ("status", "ok"), [("proved", True), ("agrees", True), ("refuted", False), ("undecided", False)]
)
def test_ok(status: Any, ok: bool) -> None:
    assert Verdict(status, "", "").ok is ok


def test_the_weakest_part_decides() -> None:
    order = ("refuted", "undecided", "agrees", "proved")
    made: dict[Any, Verdict] = {status: Verdict(status, "", "") for status in order}  # type: ignore[arg-type]
    for k, status in enumerate(order):
        assert weakest({s: made[s] for s in reversed(order[k:])}).status == status


def test_parts_are_in_the_order_of_wrt() -> None:
    verdict = sd.check(form, lambda A, x: (A @ x + A.T @ x, np.outer(x, x)), BOTH, wrt=("x", "A"))
    assert [(name, part.status) for name, part in verdict.parts.items()] == [("x", "proved"), ("A", "proved")]
    assert sd.check(total_squares, right, X).parts == {}


def test_evidence_of_a_proof() -> None:
    evidence = sd.check(np.tanh, lambda x: 1 / np.cosh(x) ** 2, 0.5).evidence
    assert evidence.roads[0].startswith("exact zero test in ")
    assert evidence.roads[1:] == ("certified balls at rational points", "central differences at 120 digits")
    assert evidence.points >= 5
    assert evidence.digits is not None
    assert evidence.digits >= 20


def test_readings_and_kinks_are_reported() -> None:
    assert sd.check(lambda x: 0.1 * x, lambda x: 0.1 + 0 * x, 1.0).readings == ("0.1 as 1/10",)
    verdict = sd.check(np.abs, lambda x: np.where(x >= 0, 1, -1), 2.0)
    words = "kink where x = 0: any value between the limits -1 and 1 is right; the claim takes 1, as jnp.abs"
    assert (verdict.status, verdict.kink) == ("proved", words)


# Statuses ---------------------------------------------------------------------------------------------------


def test_black_boxes_agree_or_are_refuted() -> None:
    def opaque(factor: float) -> Callable[[Any], Any]:
        return lambda x: factor * np.array([float(v) for v in x])

    verdict = sd.check(total_squares, opaque(2), X)
    assert (verdict.status, verdict.ok) == ("agrees", True)
    assert verdict.reason == "not proved: the claim can only be called (float of a traced array)"
    assert sd.check(total_squares, opaque(3), X).status == "refuted"


def test_every_shape() -> None:
    verdict = sd.check(total_squares, right, "n")
    assert (verdict.status, verdict.scope) == ("proved", "every shape")
    assert sd.check(total_squares, half, "n").status == "refuted"
    both = sd.check(form, lambda A, x: (np.outer(x, x), gradient_of_form(A, x)), ("n n", "n"), wrt=(0, 1))
    assert [(part.status, part.scope) for part in both.parts.values()] == [("proved", "every shape")] * 2


def test_the_time_limit_reaches_every_road() -> None:
    for claim in (right, half, lambda x: 2 * np.array([float(v) for v in x])):
        for inputs in (X, "n"):
            if inputs is X or claim is not half:
                assert sd.check(total_squares, claim, inputs, timeout=0).status in ("undecided", "refuted")
    assert sd.check(total_squares, half, X, timeout=0).status == "undecided"


# How arguments and results may be given ---------------------------------------------------------------------


def gradient_of_form(A: Any, x: Any) -> Any:
    return A @ x + A.T @ x


@pytest.mark.parametrize(
    ("claim", "inputs", "wrt"),
    [
        (gradient_of_form, BOTH, "x"),
        (gradient_of_form, BOTH, 1),
        (gradient_of_form, BOTH, -1),
        (gradient_of_form, {"x": V, "A": A}, "x"),
        (lambda M, v: M @ v + M.T @ v, BOTH, "x"),
        (lambda *args: args[0] @ args[1] + args[0].T @ args[1], BOTH, "x"),
        (lambda A, x: (gradient_of_form(A, x),), BOTH, ("x",)),
        (lambda A, x: {"x": gradient_of_form(A, x)}, BOTH, ("x",)),
        (lambda A, x: {"x": gradient_of_form(A, x), "A": np.outer(x, x)}, BOTH, ("A", "x")),
        (lambda A, x: [np.outer(x, x), gradient_of_form(A, x)], BOTH, ("A", "x")),
        (lambda A, x: [gradient_of_form(A, x)[0], gradient_of_form(A, x)[1]], BOTH, "x"),
        (gradient_of_form, (A.astype(int), V.astype(int)), "x"),
        (gradient_of_form, (A.astype(np.float32), V.astype(np.float32)), "x"),
    ],
)
def test_ways_to_say_the_same(claim: Any, inputs: Any, wrt: Any) -> None:
    assert sd.check(form, claim, inputs, wrt=wrt).status == "proved"


def test_nested_arguments() -> None:
    def loss(p: Any, x: Any) -> Any:
        return np.sum((p["W"] @ x + p["b"]) ** 2)

    def claim(p: Any, x: Any) -> Any:
        bar = 2 * (p["W"] @ x + p["b"])
        return {"W": np.outer(bar, x), "b": bar}

    inputs = ({"W": A, "b": V}, V)
    verdict = sd.check(loss, claim, inputs)
    assert list(verdict.parts) == ["p.W", "p.b"]
    assert verdict.status == "proved"
    wrong = sd.check(loss, lambda p, x: {"W": claim(p, x)["W"], "b": claim(p, x)["b"] / 2}, inputs)
    assert [part.status for part in wrong.parts.values()] == ["proved", "refuted"]


def test_a_gradient_of_nothing() -> None:
    empty = np.zeros(0)
    assert sd.check(total_squares, right, empty).status == "proved"
    assert sd.check(lambda x: np.sum(x) + 1, lambda x: np.ones_like(x), empty).ok


def test_extra_arguments_have_any_name() -> None:
    for claim in (
        lambda x, g: g * 2 * x,
        lambda x, cotangent: cotangent * 2 * x,
        lambda z, zbar: zbar * 2 * z,
    ):
        assert sd.check(np.square, claim, X, of="vjp").status == "proved"
    assert sd.check(total_squares, lambda x, v: 2 * v, X, of="hvp").status == "proved"
    assert sd.check(np.square, lambda x, v: 2 * x * v, X, of="jvp").status == "proved"
    assert sd.check(np.square, lambda x, v: 2 * x, X, of="jvp").status == "refuted"


def test_wrong_shapes() -> None:
    verdict = sd.check(total_squares, lambda x: 2 * x[:, None], X)
    assert (verdict.status, verdict.witness) == ("refuted", None)
    assert verdict.reason == "shape (3, 1) where the derivative has (3,)"
    assert verdict.mistake is not None
    assert verdict.mistake.kind == "shape"
    flipped = sd.check(lambda A: np.sum(A**2), lambda A: 2 * A.T, np.ones((2, 3)))
    assert flipped.mistake is not None
    assert (flipped.mistake.kind, flipped.mistake.repair) == ("transpose", "yours.T")


# Floats at the caller's inputs ------------------------------------------------------------------------------


def softplus(x: Any) -> Any:
    return np.log(1 + np.exp(x))


def test_nan_at_the_callers_inputs_refutes() -> None:
    def claim(x: Any) -> Any:
        return np.exp(x) / (1 + np.exp(x))

    assert sd.check(softplus, claim, 1.0).status == "proved"
    verdict = sd.check(softplus, claim, 1000.0)
    assert verdict.mistake is not None
    assert (verdict.status, verdict.mistake.kind) == ("refuted", "nan")
    assert verdict.reason == "the value is nan in floats at your inputs, where the derivative is 1"


def test_what_no_float_can_hold_is_no_mistake() -> None:
    assert sd.check(np.exp, np.exp, 1000.0).status == "proved"


def test_digits_that_are_lost_at_the_inputs_refute() -> None:
    verdict = sd.check(lambda x: x - np.sin(x), lambda x: 1 - np.cos(x), 1e-8)
    assert verdict.status == "refuted"
    assert verdict.mistake is not None
    assert verdict.mistake.kind == "cancellation"
    assert verdict.numerics is not None
    assert "digits are lost" in verdict.numerics
    elsewhere = sd.check(lambda x: x - np.sin(x), lambda x: 1 - np.cos(x), 0.5)
    assert elsewhere.status == "proved"
    assert elsewhere.numerics is not None


# What is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: sd.check(total_squares, right, X, of="grad"),
            InputError,
            "check(of='grad')\n  known=value, gradient, jacobian, hessian, vjp, jvp, hvp\n  Use one of these.",
        ),
        (
            lambda: sd.check(total_squares, right, X, dtype="float16"),
            DtypeError,
            "check(dtype='float16')\n  known=float64, float32\n  Use one of these.",
        ),
        (
            lambda: sd.check(total_squares, right, X, examples=0),
            InputError,
            "check(examples=0)\n  least=1\n  Ask for at least one example.",
        ),
        (
            lambda: sd.check(total_squares, right, X, domain={"y": (0, 1)}),
            InputError,
            "domain={'y': ...}\n  inputs=x\n  Use the name of an input.",
        ),
        (
            lambda: sd.check(total_squares, right, X, domain={"x": "positive"}),
            InputError,
            "domain={'x': 'positive'}\n  known=one_hot, simplex, symmetric, positive_definite, boolean, integer, (low, high)\n  Use an interval or one of these names.",
        ),
        (
            lambda: sd.check(total_squares, right, {"y": X}),
            InputError,
            "inputs of total_squares\n  missing=x\n  unknown=y\n  parameters=x\n  Name the parameters of the function.",
        ),
        (
            lambda: sd.check(total_squares, right, (X, X)),
            InputError,
            "inputs of total_squares(x)\n  given=2\n  problem=too many positional arguments\n  Give one example for each parameter, in a tuple.",
        ),
        (
            lambda: sd.check(total_squares, right, np.array([1.0, np.nan])),
            InputError,
            "trace(total_squares)\n  argument=x\n  first NaN at=(1,)\n  NaNs=1\n  Remove the NaN: no derivative exists there.",
        ),
        (
            lambda: sd.check(total_squares, right, X * 1j),
            DtypeError,
            "trace(total_squares)\n  argument=x\n  dtype=complex128\n  Give real numbers: split complex numbers into real and imaginary part.",
        ),
        (
            lambda: sd.check(total_squares, right, np.array(["a"], dtype=object)),
            DtypeError,
            "trace(total_squares)\n  argument=x\n  dtype=object\n  Give real numbers: split complex numbers into real and imaginary part.",
        ),
        (
            lambda: sd.check(lambda x: x, right, X),
            ShapeError,
            "gradient\n  output=(3,)\n  Return one scalar, or ask for a jacobian or a vjp.",
        ),
        (
            lambda: sd.check(form, gradient_of_form, BOTH, wrt=(0, 1)),
            InputError,
            "claim gradient_of_form: gradient of form by A, x\n  returned=an array of shape (2,)\n  expected=a tuple of 2 by A, x\n  Return one array for each target: by name in a dict, or in order, nested like the arguments.",
        ),
        (
            lambda: sd.check(total_squares, lambda x: (x, x), X),
            InputError,
            "claim <lambda>: gradient of total_squares by x\n  returned=a tuple of 2: an array of shape (3,), an array of shape (3,)\n  expected=one array of shape (3,) for x\n  Return one array for each target: by name in a dict, or in order, nested like the arguments.",
        ),
        (
            lambda: sd.check(total_squares, lambda x: x / (1 // 0), X),
            InputError,
            "claim <lambda>: gradient of total_squares by x\n  raised=ZeroDivisionError: integer division or modulo by zero\n  at=your example inputs\n  Give an example that the claim accepts, or mend the claim.",
        ),
    ],
)
def test_errors(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text
    assert isinstance(caught.value, SymdiffError)


@pytest.mark.parametrize(
    ("fn", "error"),
    [
        (lambda x: x[0] if x[0] > 0 else x[1], ValueDependentBranch),
        (lambda x: np.sum(x) * np.random.rand(), ImpureFunction),
        (lambda x: np.sum(np.fft.fft(x)), UnknownFunction),
        (lambda x: 1 / 0, (TracingError, InputError)),
    ],
)
def test_functions_that_cannot_be_read(fn: Any, error: Any) -> None:
    with pytest.raises(error):
        sd.check(fn, right, X)


def changing(after: int, before: Any, then: Any) -> Any:
    """A function that is another one after some calls."""
    calls: list[int] = []

    def two_faced(x: Any) -> Any:
        calls.append(0)
        return (then if len(calls) > after else before)(x)

    return two_faced


def test_a_graph_that_is_not_the_function_is_noticed() -> None:
    """Tracing runs a function twice; what it does when it is called once more is compared with the graph."""
    with pytest.raises(ImpureFunction) as caught:
        sd.check(changing(2, total_squares, np.sum), right, X)
    assert "Remove randomness, hidden state and dependence on types or values" in str(caught.value)


def test_a_claim_that_is_not_its_graph_is_a_black_box() -> None:
    assert sd.check(total_squares, changing(2, half, right), X).status == "agrees"
    assert sd.check(total_squares, changing(2, right, half), X).status == "refuted"


def test_an_impure_function_is_noticed() -> None:
    calls: list[int] = []

    def counts(x: Any) -> Any:
        calls.append(0)
        return np.sum(x) * len(calls)

    with pytest.raises(ImpureFunction):
        sd.check(counts, lambda x: np.ones_like(x), X)


# assert_right -----------------------------------------------------------------------------------------------


def test_assert_right() -> None:
    assert sd.assert_right(total_squares, right, X).status == "proved"
    with pytest.raises(WrongDerivative) as wrong:
        sd.assert_right(total_squares, half, X)
    assert str(wrong.value) == str(sd.check(total_squares, half, X))
    with pytest.raises(UndecidedDerivative) as undecided:
        sd.assert_right(total_squares, right, X, timeout=0)
    assert str(undecided.value).startswith("UNDECIDED   right: gradient of total_squares by x")
    assert issubclass(WrongDerivative, AssertionError)
    assert issubclass(UndecidedDerivative, AssertionError)
    assert not issubclass(UndecidedDerivative, WrongDerivative)


def test_derivative_of_passes_its_options_on() -> None:
    marked = claims.derivative_of(np.log, inputs=(2.0,), domain={"x": (0, None)})(lambda x: 1 / x)
    assert marked.options == {"domain": {"x": (0, None)}, "convention": None, "dtype": "float64"}
    assert marked.verdict(domain=None).status == "proved"


def test_time_runs_from_the_question() -> None:
    assert Options().is_late is False
    assert Options(timeout=0).is_late is True
    assert Options(timeout=0).seconds_left == 0
    assert Options(timeout=5, started=float("-inf")).is_late is True
    assert 0 < Options(timeout=1000).seconds_left <= 1000


# Would these tests notice? ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "fault", "wrong", "test"),
    [
        (checks, 'if verdict.status == "refuted":', 'if verdict.status == "undecided":', test_assert_right),
        (checks, "worst = weakest(parts)", "worst = next(iter(parts.values()))", test_the_text_of_parts),
        (
            checks,
            'Verdict("undecided", question=question.title',
            'Verdict("proved", question=question.title',
            test_the_text_of_no_decision,
        ),
        (traced, "if record.wrong is not None:", "if False:", test_the_text_of_a_refutation),
        (floats, "if not np.isfinite(exact):", "if False:", test_what_no_float_can_hold_is_no_mistake),
        (floats, "if not np.isfinite(got[place]):", "if False:", test_nan_at_the_callers_inputs_refutes),
        (
            faithful,
            "if difference is not None:",
            "if False:",
            test_a_graph_that_is_not_the_function_is_noticed,
        ),
    ],
)
def test_faults_are_noticed(module: Any, fault: str, wrong: str, test: Callable[[], None]) -> None:
    with (
        planted(module, fault, wrong),
        pytest.raises((AssertionError, pytest.fail.Exception, WrongDerivative, AttributeError)),
    ):
        test()


@pytest.mark.parametrize("convention", ["torch", "jax", "shared"])
def test_a_convention_asks_for_one_value_on_a_kink(convention: str) -> None:
    def rectified(x: Any) -> Any:
        return np.sum(np.maximum(x, 0))

    theirs = sd.check(rectified, lambda x: (x > 0) * 1.0, np.zeros(2), convention=convention)
    other = sd.check(rectified, lambda x: (x >= 0) * 1.0, np.zeros(2), convention=convention)
    assert (theirs.status, other.status) == ("proved", "refuted")
    assert sd.check(rectified, lambda x: (x >= 0) * 1.0, np.zeros(2)).status == "proved"


def test_an_unknown_convention_is_refused() -> None:
    with pytest.raises(sd.InputError) as error:
        sd.check(np.abs, np.sign, 1.0, convention="matlab")
    known = "  known=torch, jax, shared\n  Use one of these, or None."
    assert str(error.value) == "check(convention='matlab')\n" + known


def looked_up(E: Any, ids: Any) -> Any:
    return np.sum(E[ids] ** 2)


def thrice(E: Any, ids: Any) -> Any:
    out = np.zeros(E.shape)
    for i in ids:
        out[i] += 6 * E[i]
    return out


def nested(p: Any) -> Any:
    return np.sum(p["W"] ** 2) + p["b"][0]


def halved(p: Any) -> Any:
    return {"W": p["W"], "b": [1.0]}


@pytest.mark.parametrize(
    ("fn", "claim", "inputs"),
    [
        (looked_up, thrice, (np.ones((4, 2)), np.array([0, 2, 2]))),
        (nested, halved, ({"W": np.ones(3), "b": [2.0]},)),
    ],
)
def test_the_snippet_runs_and_shows_two_values(fn: Any, claim: Any, inputs: Any) -> None:
    snippet = sd.check(fn, claim, inputs).snippet
    assert snippet is not None
    *lines, last = snippet.splitlines()
    names: dict[str, Any] = {"np": np, "sd": sd, fn.__name__: fn, claim.__name__: claim}
    exec("\n".join([*lines, f"claimed, true = {last}"]), names)
    assert str(names["claimed"]) != str(names["true"])
