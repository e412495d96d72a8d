"""Are black boxes judged as they deserve? Right ones agree, wrong ones are refuted, the rest is undecided."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import rosen_der, rosen_hess, rosen_hess_prod
from scipy.special import expit

import symdiff as sd
from symdiff import calculus
from symdiff.checking.black_boxes.judging import judge_black_box
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.sizes import concrete
from symdiff.testing.strategies import graphs
from symdiff.verdicts import Verdict


def opaque(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as foreign code: it looks at the memory of its arguments, which no traced array has."""

    def foreign(*args: Any) -> Any:
        leaves = list(args)
        while leaves:
            leaf = leaves.pop()
            if type(leaf) in (list, tuple):
                leaves += leaf
            elif hasattr(leaf, "shape"):
                memoryview(leaf)
            else:
                float.hex(leaf)
        return function(*args)

    return foreign


def check(fn: Callable[..., Any], claim: Callable[..., Any], inputs: Any, **options: Any) -> Verdict:
    verdict = sd.check(fn, opaque(claim), inputs, **options)
    assert verdict.status != "proved"
    return verdict


def kind(verdict: Verdict) -> str:
    assert verdict.status == "refuted", (verdict.status, verdict.reason)
    assert verdict.mistake is not None
    return verdict.mistake.kind


def rosen(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def total_sin(x: Any) -> Any:
    return np.sum(np.sin(x))


def affine(W: Any, x: Any, b: Any) -> Any:
    return np.sum(np.tanh(W @ x + b))


def affine_gradient(W: Any, x: Any, b: Any) -> Any:
    z_bar = 1 - np.tanh(W @ x + b) ** 2
    return np.outer(z_bar, x), W.T @ z_bar, z_bar


RNG = np.random.default_rng(3)
LAYER = {"W": RNG.normal(size=(3, 4)), "x": RNG.normal(size=4), "b": RNG.normal(size=3)}


# Right ones -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 5, 10])
@pytest.mark.parametrize(
    ("of", "claim"), [("gradient", rosen_der), ("hessian", rosen_hess), ("hvp", rosen_hess_prod)]
)
def test_scipy_knows_the_derivatives_of_rosenbrock(n: int, of: Any, claim: Any) -> None:
    verdict = sd.check(rosen, claim, {"x": np.linspace(-1, 2, n)}, of=of)
    assert (verdict.status, verdict.evidence.points) == ("agrees", 200), verdict.reason
    assert verdict.blind is not None
    assert verdict.blind.caught == verdict.blind.planted
    assert "central differences at 120 digits" in verdict.evidence.roads


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_right_gradient_of_several_arguments_agrees(dtype: Any) -> None:
    inputs = {name: value.astype(dtype) for name, value in LAYER.items()}
    verdict = check(affine, affine_gradient, inputs, wrt=("W", "x", "b"))
    assert verdict.status == "agrees", verdict.reason
    assert set(verdict.parts) == {"W", "x", "b"}


def softmax(x: Any) -> Any:
    e = np.exp(x)
    return e / np.sum(e, axis=-1, keepdims=True)


def shifted(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def loss(x: Any, y: Any) -> Any:
    return np.sum(np.log(np.sum(np.exp(x), axis=-1))) - np.sum(x * y)


RIGHT: dict[str, tuple[Any, Any, Any, dict[str, Any]]] = {
    "softmax": (
        softmax,
        lambda x, g: (y := shifted(x)) * (g - np.sum(g * y, -1, keepdims=True)),
        RNG.normal(size=(2, 5)),
        {"of": "vjp"},
    ),
    "value": (softmax, shifted, RNG.normal(size=(3, 4)), {"of": "value"}),
    "log-sum-exp": (
        loss,
        lambda x, y: shifted(x) - y,
        {"x": RNG.normal(size=(3, 4)), "y": np.eye(4)[:3]},
        {},
    ),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2, 0.5, {}),
    "sigmoid by its output": (
        lambda z: np.sum(1 / (1 + np.exp(-z))),
        lambda z: (s := 1 / (1 + np.exp(-z))) * (1 - s),
        np.array([-60.0, 0.5, 6.0]),
        {},
    ),
    "naive sum of softplus": (
        lambda z: np.sum(np.log(1 + np.exp(z))) ** 2,
        lambda z: 2 * np.sum(np.log(1 + np.exp(z))) * np.exp(z) / (1 + np.exp(z)),
        np.array([-9.328]),
        {},
    ),
    "softplus": (lambda z: np.sum(np.log(1 + np.exp(z))), expit, np.linspace(-3, 3, 7), {}),
    "naive softplus": (
        lambda z: np.log(1 + np.exp(z)),
        lambda z: np.log(1 + np.exp(z)),
        np.linspace(-3, 3, 7),
        {"of": "value"},
    ),
    "relu": (
        lambda z: np.sum(np.maximum(z, 0)),
        lambda z: (z > 0).astype(z.dtype),
        np.array([-1.0, 0.0, 2.0]),
        {},
    ),
    "relu, convention 1": (
        lambda z: np.sum(np.maximum(z, 0)),
        lambda z: (z >= 0) * 1.0,
        np.array([-1.0, 0.0, 2.0]),
        {},
    ),
    "max": (
        lambda z: np.max(z),
        lambda z: 1.0 * (np.arange(3) == np.argmax(z)),
        np.array([-1.0, 1.0, 2.0]),
        {},
    ),
    "scalar": (lambda x: x**3, lambda x: 3 * x * x, 2.0, {}),
    "list": (lambda x: np.sum(x**2), lambda x: [2 * v for v in x], np.array([1.0, 2.0, 3.0]), {}),
    "log": (lambda x: np.sum(np.log(x)), lambda x: 1 / x, np.array([1.0, 2.0]), {"domain": {"x": (0, None)}}),
    "log, no domain": (lambda x: np.sum(np.log(x)), lambda x: 1 / x, np.array([1.0, 2.0]), {}),
    "layer norm": (
        lambda x: (x - np.mean(x)) / np.sqrt(np.var(x) + 1e-5),
        lambda x, g: (lambda s, y: (g - np.mean(g) - y * np.mean(g * y)) / s)(
            np.sqrt(np.var(x) + 1e-5), (x - np.mean(x)) / np.sqrt(np.var(x) + 1e-5)
        ),
        RNG.normal(size=6),
        {"of": "vjp"},
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_claims_agree(name: str) -> None:
    fn, claim, inputs, options = RIGHT[name]
    verdict = check(fn, claim, inputs, **options)
    assert verdict.status == "agrees", (verdict.status, verdict.reason, verdict.mistake, verdict.witness)


def test_float32_answers_are_judged_as_float32() -> None:
    verdict = check(total_sin, lambda x: np.cos(x).astype(np.float32), np.linspace(0, 1, 4))
    assert verdict.status == "agrees", verdict.reason


# Wrong ones -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [lambda x: 0 * x, lambda x: -np.cos(x), lambda x: 2 * np.cos(x), lambda x: x],
    ids=["0", "-cos", "2cos", "x"],
)
def test_jax_passes_these_and_we_do_not(wrong: Any) -> None:
    verdict = check(total_sin, wrong, np.linspace(-3, 3, 1000, dtype=np.float32))
    assert verdict.status == "refuted"
    assert verdict.witness is not None
    assert verdict.witness.certified
    assert verdict.witness.inputs["x"].size == 2


@pytest.mark.parametrize("factor", [1 + 1e-7, 1 - 1e-7, 1.0009])
def test_one_part_in_ten_million_in_one_entry_is_found(factor: float) -> None:
    def wrong(W: Any, x: Any, b: Any) -> Any:
        W_bar = affine_gradient(W, x, b)[0]
        W_bar[1, 2] *= factor
        return W_bar

    verdict = check(affine, wrong, LAYER, wrt="W")
    assert verdict.status == "refuted"
    assert verdict.witness is not None
    assert verdict.witness.index == (1, 2)
    assert verdict.witness.certified


def test_small_derivatives_are_not_zero() -> None:
    assert kind(check(lambda x: 1e-6 * np.sum(x**2), lambda x: 0 * x, np.array([1.0, 2.0])))
    assert check(lambda x: np.mean(x), lambda x: 0 * x, np.linspace(0, 1, 100_001)).status == "refuted"


def test_a_clamp_without_its_mask_is_found_beyond_the_callers_inputs() -> None:
    verdict = check(
        lambda x: np.sum(np.clip(x, -3, 3) ** 2), lambda x: 2 * np.clip(x, -3, 3), np.array([0.5, -0.25])
    )
    assert verdict.status == "refuted"
    assert verdict.witness is not None
    assert np.abs(verdict.witness.inputs["x"].astype(float)).max() > 3


def test_a_branch_that_is_never_taken_is_looked_for() -> None:
    verdict = check(
        lambda x: np.sum(np.clip(x, -500, 500) ** 2),
        lambda x: 2 * np.clip(x, -500, 500),
        np.array([0.5, -0.25]),
    )
    assert verdict.status == "refuted"


KINDS: dict[str, tuple[Any, Any, Any, dict[str, Any]]] = {
    "sign": (total_sin, lambda x: -np.cos(x), np.array([0.5, 1.0]), {}),
    "factor": (lambda x: np.mean(x**2), lambda x: 2 * x, np.array([0.5, 1.0, 2.0]), {}),
    "transpose": (
        lambda A, x: x @ A @ np.sin(x),
        lambda A, x: np.outer(np.sin(x), x),
        {"A": np.ones((3, 3)), "x": np.ones(3)},
        {},
    ),
    "shape": (total_sin, lambda x: np.cos(x)[:-1], np.array([0.5, 1.0, 2.0]), {}),
    "missing_reduction": (
        lambda b, A: np.sum(np.tanh(A + b)),
        lambda b, A: 1 - np.tanh(A + b) ** 2,
        {"b": np.ones(3), "A": np.ones((2, 3))},
        {},
    ),
    "nan": (
        lambda z: np.sum(1 / (1 + np.exp(-z))),
        lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
        np.array([-800.0, 1.0]),
        {},
    ),
    "upstream": (lambda x: np.tanh(x), lambda x, g: 1 - np.tanh(x) ** 2, np.array([0.5, 1.0]), {"of": "vjp"}),
    "unknown": (lambda x: np.sum(x**3), lambda x: x**2 + x, np.array([0.5, 1.0]), {}),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_kind_is_named(name: str) -> None:
    fn, claim, inputs, options = KINDS[name]
    assert kind(check(fn, claim, inputs, **options)) == name


def test_a_transposed_shape_and_swapped_results() -> None:
    assert kind(check(affine, lambda W, x, b: affine_gradient(W, x, b)[0].T, LAYER, wrt="W")) == "transpose"
    verdict = check(
        lambda x, y: np.sum(x**2 * y),
        lambda x, y: (x**2, 2 * x * y),
        {"x": np.ones(2), "y": np.ones(2)},
        wrt=("x", "y"),
    )
    assert {part.mistake.kind for part in verdict.parts.values() if part.mistake} == {"swapped"}


def test_a_nan_at_a_special_point_is_found() -> None:
    verdict = check(lambda x: np.sum(x**2), lambda x: 2 * x * x / x, np.array([0.5, 0.25]))
    assert kind(verdict) == "nan"
    assert verdict.witness is not None
    assert (verdict.witness.exact, verdict.witness.certified) == (0, True)


def test_the_witness_is_small_and_simple() -> None:
    verdict = check(total_sin, lambda x: 2 * np.cos(x), np.linspace(0.1, 1, 6))
    assert verdict.witness is not None
    assert verdict.witness.inputs["x"].tolist() == [0, 0]
    assert (verdict.witness.claimed, verdict.witness.exact) == (2.0, 1)


def test_a_claim_that_takes_one_shape_only_keeps_it() -> None:
    def fixed(x: Any) -> Any:
        assert x.shape == (5,)
        return -np.cos(x)

    verdict = check(total_sin, fixed, np.linspace(0.1, 1, 5))
    assert verdict.status == "refuted"
    assert verdict.witness is not None
    assert verdict.witness.inputs["x"].shape == (5,)


# Neither ----------------------------------------------------------------------------------------------------


def test_randomness_and_hidden_state_are_undecided() -> None:
    rng, calls = np.random.default_rng(0), itertools.count()
    noisy = check(total_sin, lambda x: np.cos(x) + rng.normal(size=x.shape), np.ones(2))
    assert (noisy.status, "not a function of its arguments" in noisy.reason) == ("undecided", True)
    # the first call happens while tracing
    stateful = check(total_sin, lambda x: np.cos(x) * next(calls), np.ones(2))
    assert stateful.status == "undecided"


def test_rounding_of_the_claim_is_not_called_a_mistake() -> None:
    def rough(x: Any) -> Any:  # d/dx of sum x^2 through a difference of large numbers
        return ((x + 1e6) ** 2 - 1e12 - x**2) / 1e6

    verdict = check(lambda x: np.sum(x**2), rough, np.array([1.0, 2.0, 3.0]))
    assert verdict.status != "agrees" or verdict.numerics


def test_a_naive_variance_that_loses_all_digits_at_the_example_is_a_cancellation() -> None:
    def naive(x: Any) -> Any:
        return np.mean(x**2) - np.mean(x) ** 2

    verdict = check(lambda x: np.var(x), naive, 1e8 + np.array([0.1, 0.2, 0.3, 0.4]), of="value")
    assert kind(verdict) == "cancellation"


def test_writes_and_views_are_noticed() -> None:
    def writes(x: Any) -> Any:
        x *= 2
        return x

    verdict = check(lambda x: np.sum(x**2), writes, np.array([1.0, 2.0]))
    assert verdict.status == "agrees"
    assert "it writes into its argument x" in verdict.reason
    assert "it returns a view of its argument x" in verdict.reason


def test_exceptions_at_generated_points_are_counted() -> None:
    def partial(x: Any) -> Any:
        if np.any(x < -3):
            raise ValueError("too small")
        return 2 * x

    verdict = check(lambda x: np.sum(x**2), partial, np.array([1.0, 2.0]))
    assert verdict.status == "agrees"
    assert any("the claim raised ValueError: too small" in road for road in verdict.evidence.roads)


def test_a_claim_that_raises_at_the_callers_example() -> None:
    def broken(x: Any) -> Any:
        raise RuntimeError("no licence")

    with pytest.raises(sd.errors.InputError) as caught:
        check(total_sin, broken, np.ones(2))
    assert str(caught.value).splitlines()[1:] == [
        "  raised=RuntimeError: no licence",
        "  at=your example inputs",
        "  Give an example that the claim accepts, or mend the claim.",
    ]


@pytest.mark.parametrize("value", [np.array([1j, 2.0]), np.array(["a", "b"]), None, np.array([1.0, None])])
def test_results_that_are_not_real_numbers(value: Any) -> None:
    with pytest.raises(sd.errors.DtypeError, match="Return an array of real numbers"):
        check(total_sin, lambda x: value, np.ones(2))


def test_blind_examples_are_named() -> None:
    verdict = check(lambda A: np.sum(A @ A), lambda A: np.add.outer(A.sum(0), A.sum(1)), np.eye(3) + 1)
    assert verdict.status == "agrees", verdict.reason
    assert verdict.blind is not None
    assert verdict.blind.warnings == (
        "your example A is symmetric: it cannot tell a matrix from its transpose",
    )


def test_the_same_seed_gives_the_same_verdict() -> None:
    first, second = (check(total_sin, lambda x: np.cos(x), np.ones(3), seed=7) for _ in range(2))
    assert (first.evidence, first.blind) == (second.evidence, second.blind)


@given(data=st.data())
@settings(max_examples=15)
def test_random_graphs_are_never_refuted_and_their_mutants_never_accepted(data: st.DataObject) -> None:
    graph = data.draw(graphs(family=data.draw(st.sampled_from(["smooth", "kinked"])), scalar=True))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    names, truth = graph.input_names, calculus.gradient(graph, graph.input_names)
    shapes = [concrete(graph.shape(x), "x") for x in graph.inputs]
    examples = {
        name: np.asarray(rng.normal(size=shape), dtype) for name, shape in zip(names, shapes, strict=True)
    }
    kernel = compile_kernel(truth)

    def right(*values: Any) -> Any:
        return tuple(np.array(value, dtype) for value in kernel.flat(values))

    def wrong(*values: Any) -> Any:
        result = right(*values)
        result[-1][...] *= dtype(1 + (1e-6 if dtype == np.float64 else 1e-3))
        return result

    def judged(claim: Any) -> Verdict:
        question = Question(None, claim, "gradient", names, examples, graph, truth, names, None, many=True)
        return judge_black_box(question, Options(examples=30))

    assert judged(right).status != "refuted"
    mutant = judged(wrong)
    last = mutant.parts.get(names[-1], mutant)
    assert last.status != "agrees" or last.blind is None or last.blind.planted == 0


@pytest.mark.peer
def test_torch_is_a_black_box() -> None:
    torch = pytest.importorskip("torch")

    def right(x: Any) -> Any:
        t = torch.tensor(x, requires_grad=True)
        torch.sin(t).sum().backward()
        return t.grad

    assert check(total_sin, right, np.linspace(0, 1, 4)).status == "agrees"
    assert check(total_sin, lambda x: -right(x), np.linspace(0, 1, 4)).status == "refuted"


# Indices, ties, thresholds, overflow ------------------------------------------------------------------------


def embedded(E: Any, i: Any) -> Any:
    return np.sum(E[i] ** 2)


def scattered(E: Any, i: Any) -> Any:
    E_bar = np.zeros_like(E)
    np.add.at(E_bar, i, 2 * E[i])
    return E_bar


def without_accumulation(E: Any, i: Any) -> Any:
    E_bar = np.zeros_like(E)
    E_bar[i] = 2 * E[i]
    return E_bar


def picked(z: Any, y: Any) -> Any:
    return np.sum(z**2) * z[y]


def picked_gradient(z: Any, y: Any) -> Any:
    return 2 * z * z[y] + np.sum(z**2) * np.eye(3)[y]


def test_indices_are_varied_with_duplicates() -> None:
    inputs = (RNG.normal(size=(4, 2)), np.array([0, 1, 2]))
    assert check(embedded, scattered, inputs).status == "agrees"
    assert check(embedded, without_accumulation, inputs).status == "refuted"


def test_a_label_is_varied() -> None:
    inputs = (np.array([0.3, -0.7, 1.2]), np.array(2))
    assert check(picked, picked_gradient, inputs).status == "agrees"
    assert check(picked, lambda z, y: picked_gradient(z, 2), inputs).status == "refuted"
    assert (
        sd.check(picked, lambda z, y: 2 * z * z[y] + np.sum(z**2) * np.array([0, 0, 1]), inputs).status
        == "refuted"
    )


def test_integers_that_are_fixed_are_named() -> None:
    inputs = (np.array([0.3, -0.7]), np.array([2, 3]))
    assert check(lambda x, k: np.sum(k * x), lambda x, k: 1.0 * k, inputs).scope == "x (2,), k = [2, 3]"
    shaped = sd.check(lambda x, k: np.sum(x.reshape(k, -1)), lambda x, k: 1.0 + 0 * x, (inputs[0], 2))
    assert (shaped.ok, shaped.scope) == (True, "x (2,), k = 2")


@pytest.mark.parametrize(
    "is_special",
    [
        lambda x: len(set(x)) == 1,
        lambda x: len(set(x)) < 3,
        lambda x: not x.any(),
        lambda x: np.max(abs(x)) > 1000,
    ],
    ids=["all equal", "two equal", "all zeros", "beyond 1000"],
)
def test_a_mistake_at_ties_or_far_away_is_found(is_special: Callable[[Any], bool]) -> None:
    def claim(x: Any) -> Any:
        return 0 * x + 2 if is_special(x) else np.cos(x)

    assert check(total_sin, claim, np.array([0.3, -0.7, 1.2])).status == "refuted"


def test_a_bound_of_the_function_is_passed() -> None:
    x = np.array([0.3, -0.7, 1.2])

    def clipped(x: Any) -> Any:
        return np.sum(np.clip(x, -1e6, 1e6))

    assert check(clipped, lambda x: 1.0 * (abs(x) < 1e6), x).status == "agrees"
    assert check(clipped, lambda x: 1 + 0 * x, x).status == "refuted"


def test_a_branch_that_no_probe_took_is_undecided() -> None:
    def guarded(x: Any) -> Any:
        return np.sum(np.where(np.tanh(x) > 2, x**2, x))

    verdict = check(guarded, lambda x: 1 + 0 * x, np.array([0.3, -0.7]))
    assert verdict.status == "undecided"
    assert "was always false" in verdict.reason


def test_errors_are_counted_in_sensible_units() -> None:
    def loss(z: Any) -> Any:
        return np.log(np.sum(np.exp(z))) - z[2]

    verdict = check(loss, lambda z: softmax(z) - np.array([0, 0, 1.0]), np.array([0.3, -0.7, 1.2]))
    assert verdict.status == "agrees"
    assert verdict.evidence.ulps is not None
    assert verdict.evidence.ulps < 1e6


def test_a_nan_on_a_kink_of_the_example_is_found() -> None:
    def loss(x: Any) -> Any:
        return np.sum(np.maximum(x, 0))

    with np.errstate(invalid="ignore"):
        assert kind(check(loss, lambda x: np.maximum(x, 0) / x, np.zeros(3))) == "nan"
    assert check(loss, lambda x: 1.0 * (x > 0), np.zeros(3)).status == "agrees"


def test_what_no_float_can_hold_is_no_mistake() -> None:
    assert check(np.exp, np.exp, 0.5).status == "agrees"
    assert check(np.exp, np.exp, 1000.0).status != "refuted"
    assert check(lambda x: np.sum(np.exp(x)), np.exp, np.array([1000.0, 1.0])).status != "refuted"
