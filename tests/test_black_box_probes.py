"""Do the probes of a black box see what they should? Small errors in any entry, planted mistakes, one dtype, noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_black_box import check, kind, opaque

from symdiff.checking.arguments import parameters
from symdiff.checking.black_boxes.accuracy import Analysis
from symdiff.checking.black_boxes.measuring import OUTSIDE, Gauge
from symdiff.checking.black_boxes.probing import REGIMES, Prober
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, ask

RNG = np.random.default_rng(0)
WEIGHTS = ("W1", "b1", "W2", "b2")
NETWORK = {
    "x": RNG.normal(size=(5, 10)),
    "W1": RNG.normal(size=(10, 8)),
    "b1": RNG.normal(size=8),
    "W2": RNG.normal(size=(8, 4)),
    "b2": RNG.normal(size=4),
    "y": np.eye(4)[RNG.integers(0, 4, 5)],
}


def loss(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, y: Any) -> Any:
    """The softmax cross-entropy of a 10-8-4 network, a mean over the batch."""
    z = np.tanh(x @ W1 + b1) @ W2 + b2
    m = z - np.max(z, axis=-1, keepdims=True)
    return -np.sum(y * (m - np.log(np.sum(np.exp(m), axis=-1, keepdims=True)))) / x.shape[0]


def backward(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, y: Any) -> Any:
    h = np.tanh(x @ W1 + b1)
    e = np.exp((z := h @ W2 + b2) - np.max(z, axis=-1, keepdims=True))
    z_bar = (e / e.sum(-1, keepdims=True) * np.sum(y, axis=-1, keepdims=True) - y) / x.shape[0]
    a_bar = (z_bar @ W2.T) * (1 - h**2)
    return x.T @ a_bar, a_bar.sum(0), h.T @ z_bar, z_bar.sum(0)


def asked(fn: Callable[..., Any], claim: Callable[..., Any], inputs: Any, **more: Any) -> Question:
    wrt, of = more.get("wrt", 0), more.get("of", "gradient")
    return ask(fn, opaque(claim), parameters(fn, inputs), wrt, of)


def wrong_in(target: int, index: tuple[int, ...], factor: float) -> Callable[..., Any]:
    def wrong(*args: Any) -> Any:
        results = backward(*args)
        results[target][index] *= factor
        return results

    return wrong


# A network --------------------------------------------------------------------------------------------------


def test_one_part_in_ten_million_is_beyond_the_bound_in_each_of_124_entries() -> None:
    question = asked(loss, backward, NETWORK, wrt=WEIGHTS)
    prober = Prober(question, Options())
    gauge, batch = Gauge(question, prober), prober.generated(15)
    answers = [backward(*probe.values.values()) for probe in batch.probes]
    entries = 0
    for k in range(len(WEIGHTS)):
        right = np.stack([answer[k] for answer in answers])
        assert np.all(gauge.measure(batch, k, right).ratio <= 1)
        for index in np.ndindex(right.shape[1:]):
            for factor in (1 + 1e-7, 1 - 1e-7):
                wrong = right.copy()
                wrong[(slice(None), *index)] *= factor
                measure = gauge.measure(batch, k, wrong)
                assert np.max(measure.ratio) > OUTSIDE, (WEIGHTS[k], index)
                assert measure.index(int(np.argmax(measure.ratio))) == index
            entries += 1
    assert entries == 124


@pytest.mark.parametrize(("target", "index"), [(0, (0, 0)), (0, (9, 7)), (1, (3,)), (2, (5, 2)), (3, (1,))])
def test_one_part_in_ten_million_refutes(target: int, index: tuple[int, ...]) -> None:
    claim = wrong_in(target, index, 1 + 1e-7)
    verdict = check(loss, claim, NETWORK, wrt=WEIGHTS)
    assert verdict.status == "refuted"
    assert verdict.parts[WEIGHTS[target]].status == "refuted"
    right = [name for name in WEIGHTS if name != WEIGHTS[target]]
    assert [verdict.parts[name].status for name in right] == ["agrees"] * 3


def test_a_right_network_agrees_and_every_planted_mistake_is_caught() -> None:
    verdict = check(loss, backward, NETWORK, wrt=WEIGHTS)
    assert verdict.status == "agrees", verdict.reason
    for part in verdict.parts.values():
        assert part.evidence.points == 200
        assert part.blind is not None
        assert part.blind.caught == part.blind.planted > 6
        assert part.blind.warnings == ()


def test_many_points_together_are_as_each_alone() -> None:
    question = asked(loss, backward, NETWORK, wrt=WEIGHTS)
    truth = question.truth
    for dtype in (np.float32, np.float64):
        analysis = Analysis(truth.store, truth.outputs, dtype)
        batch = Prober(question, Options(seed=3)).generated(len(REGIMES))
        values, limits = analysis.over(batch.arrays, len(batch.probes))
        for row, probe in enumerate(batch.probes):
            value, limit = analysis.at(probe.values)
            for k in range(len(WEIGHTS)):
                assert np.all(np.abs(values[k][row] - value[k]) <= limit[k])
                np.testing.assert_allclose(limits[k][row], limit[k], rtol=1e-3, atol=1e-300)


def test_indices_may_differ_from_point_to_point() -> None:
    def picked(E: Any, i: Any) -> Any:
        return np.sum(np.sin(E[i]) ** 2)

    question = asked(picked, lambda E, i: E, (RNG.normal(size=(4, 2)), np.array([0, 1, 1])))
    truth = question.truth
    batch = Prober(question, Options()).generated(9)
    values, limits = Analysis(truth.store, truth.outputs, float).over(batch.arrays, 9)
    for row, probe in enumerate(batch.probes):
        E, i = probe.values.values()
        expected = np.zeros_like(E)
        np.add.at(expected, i, np.sin(2 * E[i]))
        assert np.all(np.abs(values[0][row] - expected) <= 16 * limits[0][row] + 1e-15)


# What the probes cannot show --------------------------------------------------------------------------------


def total(x: Any) -> Any:
    return np.sum(np.sin(x))


@pytest.mark.parametrize(
    ("example", "warning"),
    [
        (np.zeros(3), "your example x is all zeros"),
        (np.ones(3), "your example x is all ones"),
        (np.full(3, 0.5), "your example x has equal entries"),
    ],
)
def test_blind_examples_are_told(example: Any, warning: str) -> None:
    verdict = check(total, np.cos, example)
    assert verdict.blind is not None
    assert verdict.blind.warnings == (warning,)


def test_a_derivative_that_is_always_0_is_told() -> None:
    def softmax_sum(x: Any) -> Any:
        e = np.exp(x - np.max(x))
        return np.sum(e / np.sum(e))

    verdict = check(softmax_sum, lambda x: 0 * x, np.array([0.5, -1.0, 2.0]))
    assert verdict.status != "refuted"
    assert verdict.blind is not None
    assert any("is 0 at every probe" in warning for warning in verdict.blind.warnings)


def circle(x: Any) -> Any:
    return np.sum(np.sin(x) ** 2 + np.cos(x) ** 2)


def attention(b: Any, Q: Any, K: Any) -> Any:
    e = np.exp(Q @ (K + b).T)
    return np.sum((e / np.sum(e, axis=-1, keepdims=True)) ** 2)


QK = np.linspace(-1, 1, 24).reshape(2, 4, 3)


@pytest.mark.parametrize(
    ("fn", "inputs"), [(circle, (QK[0, 0],)), (attention, (np.ones(3), *QK))], ids=["circle", "bias of keys"]
)
def test_a_derivative_that_is_0_by_cancellation(fn: Callable[..., Any], inputs: Any) -> None:
    """Nothing times two is no mistake; anything that is no rounding is one."""
    right = check(fn, lambda x, *_: 0 * x, inputs)
    assert right.status == "agrees", right.reason
    assert right.blind is not None
    assert right.blind.caught == right.blind.planted
    for wrong in (lambda x, *_: 0 * x + 1e-9, lambda x, *_: 1e-7 * x, lambda x, *_: x * (np.arange(3) == 1)):
        assert check(fn, wrong, inputs).status == "refuted"


def test_entries_below_the_tolerance_are_told() -> None:
    def drowned(x: Any, y: Any) -> Any:
        return x[0] * (y + 1e-3) - x[0] * y + x[1] ** 2

    inputs = {"x": np.array([0.5, -1.0]), "y": 1.5e15}
    verdict = check(drowned, lambda x, y: np.array([1e-3, 2 * x[1]]), inputs, domain={"y": (1e15, 2e15)})
    assert verdict.status == "undecided"
    assert verdict.blind is not None
    assert "1 of 2 entries by x are below the tolerance at every probe" in verdict.blind.warnings


def test_a_path_that_brings_nothing_is_no_mistake() -> None:
    """What flows through the shift of a softmax or a mean inside a variance is 0, so nobody can forget it."""

    def spread(x: Any) -> Any:
        return np.sum((x - np.mean(x)) ** 2)

    verdict = check(spread, lambda x: 2 * (x - np.mean(x)), np.array([0.5, -1.0, 2.0]))
    assert verdict.blind is not None
    assert verdict.blind.caught == verdict.blind.planted


# One dtype only ---------------------------------------------------------------------------------------------


def in_dtype(wrong: Any) -> Callable[..., Any]:
    """A claim that forgets its 2 for one dtype."""
    return lambda x: x.astype(x.dtype) if x.dtype == wrong else 2 * x


def squares(x: Any) -> Any:
    return np.sum(x**2)


X = np.array([0.5, -1.25, 2.0])


@pytest.mark.parametrize("example", [X, X.astype(np.float32)], ids=["double", "single"])
def test_a_mistake_in_single_precision_only(example: Any) -> None:
    assert check(squares, in_dtype(np.float32), example, dtype="float32").status == "refuted"
    assert check(squares, in_dtype(np.float64), example, dtype="float32").status == "agrees"


def test_a_mistake_in_double_precision_only() -> None:
    assert check(squares, in_dtype(np.float64), X, dtype="float64").status == "refuted"
    assert check(squares, in_dtype(np.float32), X, dtype="float64").status == "agrees"


# Tables -----------------------------------------------------------------------------------------------------


HALVES = np.arange(65536, dtype=np.uint16).view(np.float16).astype(float)


def looked_up(x: Any) -> Any:
    """The exponential from a table for all numbers of half precision."""
    with np.errstate(all="ignore"):
        return np.exp(HALVES)[np.asarray(x, dtype=np.float16).view(np.uint16)]


@pytest.mark.parametrize("domain", [{"x": (0, 1)}, {"x": (0, None)}, {"x": (None, 1)}, {}])
def test_an_exponential_from_a_table_of_half_precision_is_wrong(domain: Any) -> None:
    """Its table has every short number, so that no probe on a grid sees anything; nor does an example of zeros."""
    verdict = check(lambda x: np.sum(np.exp(-x)), lambda x: -looked_up(-x), np.zeros(3), domain=domain)
    assert verdict.status == "refuted", verdict.reason


@pytest.mark.parametrize("example", [np.zeros(3), np.linspace(-1, 1, 5), np.array([0.3])])
@pytest.mark.parametrize("early", [True, False], ids=["arguments", "results"])
def test_a_claim_that_computes_in_single_precision_is_judged_so(example: Any, early: bool) -> None:
    """As with JAX, whose results are made doubles by whoever calls it."""

    def single(x: Any) -> Any:
        e = np.exp(x.astype(np.float32)) if early else np.exp(x).astype(np.float32)
        return e.astype(float)

    verdict = check(lambda x: np.sum(np.exp(x)), single, example)
    assert verdict.status == "agrees", verdict.reason
    assert "its numbers are those of float32" in verdict.reason
    wrong = check(lambda x: np.sum(np.exp(x)), lambda x: single(x) * 1.0009, example)
    assert wrong.status == "refuted", wrong.reason


def test_a_claim_in_double_precision_is_no_single_one() -> None:
    """Though its numbers are short where its arguments are."""
    verdict = check(lambda x: np.sum(x**4), lambda x: 4 * x**3, np.array([0.5, 1.25]))
    assert verdict.status == "agrees", verdict.reason
    assert "float32" not in verdict.reason
    wrong = check(lambda x: np.sum(x**4), lambda x: 4 * x**3 * (1 + 1e-7), np.array([0.5, 1.25]))
    assert wrong.status == "refuted", wrong.reason


# Lost digits ------------------------------------------------------------------------------------------------


def half_angle(x: Any) -> Any:
    return np.sum((1 - np.cos(x)) / x**2)


def test_all_digits_lost_at_the_example_are_a_cancellation() -> None:
    def naive(x: Any) -> Any:
        return (x * np.sin(x) - 2 * (1 - np.cos(x))) / x**3

    verdict = check(half_angle, naive, np.array([1e-5, 1.5]))
    assert kind(verdict) == "cancellation"
    assert "at your example" in verdict.reason
    assert "digits are lost" in verdict.reason


def test_an_entry_that_saturates_at_the_example_has_lost_its_digits() -> None:
    """At 20 the claim gives 0 for 1.7e-17; an example without such an entry is no reason to refute."""
    claim = lambda x: 1 - np.tanh(x) ** 2  # noqa: E731
    verdict = check(lambda x: np.sum(np.tanh(x)), claim, np.array([20.0, 0.5]))
    assert kind(verdict) == "cancellation"
    assert check(lambda x: np.sum(np.tanh(x)), claim, np.array([2.0, 0.5])).status == "agrees"


def test_a_saturated_gate_is_right_where_it_is_large() -> None:
    """``a*s*(1 - s)`` loses its digits where s is next to 1, which another algorithm does not."""

    def gated(a: Any, b: Any) -> Any:
        return np.sum(a / (1 + np.exp(-b)))

    def gradient(a: Any, b: Any) -> Any:
        s = 1 / (1 + np.exp(-b))
        return s, a * s * (1 - s)

    inputs = {"a": np.array([0.5, -1.0, 2.0, -3.0]), "b": np.array([-2.5, 2.5, -0.5, 1.0])}
    for seed in range(3):
        verdict = check(gated, gradient, inputs, wrt=("a", "b"), seed=seed)
        assert verdict.status == "agrees", verdict.reason


def test_overflow_far_from_the_example_is_told_and_no_mistake() -> None:
    def by_exponentials(x: Any) -> Any:
        e = np.exp(2 * x)
        return 1 - ((e - 1) / (e + 1)) ** 2

    def deep(x: Any) -> Any:
        return np.sum(np.tanh(8 * x))

    verdict = check(deep, lambda x: 8 * by_exponentials(8 * x), np.array([0.5, -1.0]))
    assert verdict.status == "agrees", verdict.reason
    assert verdict.numerics is not None
    assert verdict.numerics.startswith("the claim has no finite value for some inputs as large as")
    given = {"domain": {"x": (-100, 100)}}
    assert kind(check(deep, lambda x: 8 * by_exponentials(8 * x), np.array([0.5, -1.0]), **given)) == "nan"
