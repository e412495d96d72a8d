"""Is a counterexample small, made of simple numbers, telling, and a counterexample still?"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.checking import shrinking
from symdiff.checking.questions import ask
from symdiff.checking.shrinking import SIMPLE, simplest_point, smaller_examples
from symdiff.errors import OutOfTime
from symdiff.verdicts import Verdict, Witness

RNG = np.random.default_rng(0)


def softmax(x: Any) -> Any:
    e = np.exp(x)
    return e / np.sum(e, axis=-1, keepdims=True)


def squares(x: Any) -> Any:
    return np.sum(x**2)


def product(W: Any, x: Any) -> Any:
    return np.sum((W @ x) ** 2)


def witness_of(fn: Any, claim: Any, inputs: Any, **more: Any) -> Witness:
    """The witness, after a look at its values: the plain call of the claim gives what is said of it."""
    verdict: Verdict = sd.check(fn, claim, inputs, **more)
    found = verdict.witness
    assert verdict.status == "refuted"
    assert found is not None
    assert found.certified
    assert found.claimed != found.exact
    arrays = [np.asarray(value, dtype=float) for value in found.inputs.values()]
    assert float(np.asarray(claim(*arrays))[found.index]) == pytest.approx(float(found.claimed), rel=1e-11)
    for entry in found.entries:
        assert entry.wrong == (entry.claimed != entry.exact)
        assert entry.measured == pytest.approx(float(entry.exact), rel=1e-5, abs=1e-12)
    return found


def numbers_of(found: Witness) -> set[Any]:
    return {v for value in found.inputs.values() for v in np.ravel(value)}


def test_axes_of_two_and_simple_numbers() -> None:
    found = witness_of(
        product, lambda W, x: W.T @ W @ x, (RNG.normal(size=(5, 4)), RNG.normal(size=4)), wrt="x"
    )
    assert [np.shape(value) for value in found.inputs.values()] == [(2, 2), (2,)]
    assert numbers_of(found) <= {Fraction(0), Fraction(1)}
    assert sum(v != 0 for value in found.inputs.values() for v in np.ravel(value)) == 2


def test_axes_of_different_lengths_where_the_mistake_needs_them() -> None:
    def last_two(W: Any) -> Any:
        return np.concatenate([2 * W[:-2], 0 * W[-2:]])

    assert np.shape(witness_of(squares, last_two, RNG.normal(size=7)).inputs["x"]) == (2,)

    def first_and_last(x: Any) -> Any:
        return np.concatenate([2 * x[:1], x[1:-1], 2 * x[-1:]])

    assert np.shape(witness_of(squares, first_and_last, RNG.normal(size=7)).inputs["x"]) == (3,)


def test_what_is_kept_stands_in_front() -> None:
    found = witness_of(squares, lambda x: x, RNG.normal(size=4))
    assert found.inputs["x"].tolist() == [1, 0]


def test_a_cotangent_is_not_all_zero() -> None:
    found = witness_of(softmax, lambda x, g: softmax(x) * (1 - softmax(x)), RNG.normal(size=4), of="vjp")
    assert found.inputs["x"].tolist() == [0, 0]
    assert found.inputs["g"].tolist() == [1, 0]


def test_the_domain_is_kept() -> None:
    found = witness_of(
        lambda x: np.sum(np.log(x)), lambda x: -1 / x, np.array([2.0, 3.0]), domain={"x": (0, None)}
    )
    assert numbers_of(found) == {Fraction(1)}


def test_the_function_has_a_value_there() -> None:
    def entropy(p: Any, y: Any) -> Any:
        return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))

    found = witness_of(entropy, lambda p, y: -y / p, (np.array([0.25, 0.5]), np.array([0.0, 1.0])))
    assert all(0 < p < 1 for p in found.inputs["p"])


def test_differences_by_one_of_several_intermediates() -> None:
    def network(W: Any, x: Any) -> Any:
        z = sd.name(W @ x, "z")
        a = sd.name(np.tanh(z), "a")
        return np.sum(a**3)

    def backward(W: Any, x: Any) -> Any:
        a = np.tanh(W @ x)
        return 3 * a**2, 3 * a**2

    verdict = sd.check(network, backward, (RNG.normal(size=(2, 2)), RNG.normal(size=2)), wrt=("a", "z"))
    assert verdict.witness is not None
    assert verdict.witness.argument == "z"
    exact = [float(np.tanh(1) ** 2 * (1 - np.tanh(1) ** 2) * 3), 0.0]
    assert [entry.measured for entry in verdict.witness.entries] == pytest.approx(exact)


def test_on_a_kink_a_difference_is_no_evidence() -> None:
    def relu(x: Any) -> Any:
        return np.sum(np.maximum(x, 0))

    verdict = sd.check(relu, lambda x: 1.0 * (x >= 0), np.array([0.5, 0.0]), convention="torch")
    assert verdict.status == "refuted"
    assert verdict.witness is not None
    assert 0 in verdict.witness.inputs["x"]
    assert not any(entry.measured for entry in verdict.witness.entries)


@pytest.mark.parametrize("tries", [0, 1, 5])
def test_at_the_deadline_the_best_so_far_is_kept(tries: int) -> None:
    graph = ask(squares, lambda x: x, {"x": np.ones(3)}, 0, "gradient").truth
    (node,) = graph.inputs
    start = {node: np.array([Fraction(7), Fraction(5), Fraction(3)])}
    seen: list[Any] = []

    def still_wrong(point: Any) -> Any:
        if len(seen) == tries:
            raise OutOfTime("over")
        seen.append(point)
        return point if point[node].any() else None

    point, best = simplest_point(graph, start, {}, still_wrong)
    assert (best is None) == (tries < 2)
    assert point is (best if best is not None else start)
    assert tries < 5 or set(point[node]) <= set(SIMPLE)


def test_smaller_examples_come_smallest_first() -> None:
    shapes = [e["W"].shape for e in smaller_examples({"W": np.ones((6, 5)), "x": np.ones(5)})]
    assert shapes[0] == (2, 2)
    assert (3, 2) in shapes
    assert shapes.index((3, 3)) > shapes.index((3, 2))
    assert not list(smaller_examples({"x": np.ones((2, 1))}))


def test_zeros_that_hide_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    simplest = shrinking.simplest_point
    monkeypatch.setattr("symdiff.checking.witnesses.simplest_point", lambda *a: simplest(*a[:4]))
    with pytest.raises(AssertionError):
        test_a_cotangent_is_not_all_zero()


def test_an_axis_whose_length_the_claim_writes_as_a_number_stays() -> None:
    """``x / 3`` is half the derivative for three entries, and a third of it for one."""
    verdict = sd.check(lambda x: np.mean(x**2), lambda x: x / 3, {"x": np.ones(3)})
    assert verdict.witness is not None
    assert verdict.witness.inputs["x"].shape == (3,)
    assert 2 * verdict.witness.claimed == verdict.witness.exact
    other = sd.check(lambda x: np.mean(x**2), lambda x: x / x.shape[0], {"x": np.ones(3)})
    assert other.witness is not None
    assert other.witness.inputs["x"].shape == (2,)
