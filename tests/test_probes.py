"""Are probes inside their domain, kinks recognised, differences certain, counterexamples as small as can be?"""

# ruff: noqa: E501  (tables)

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import islice, product
from typing import Any

import numpy as np
import pytest
import sympy as sp
from faults import planted

import symdiff as sd
from symdiff.checking import comparing, probes, sampling, shrinking, witnesses
from symdiff.checking.arguments import parameters
from symdiff.checking.comparing import compare
from symdiff.checking.kinks import ties
from symdiff.checking.kinks.ties import gaps, is_on_kink, kink_nodes
from symdiff.checking.questions import ask
from symdiff.checking.sampling import Point, example_point, points
from symdiff.checking.shrinking import SIMPLE, simplest_point, smaller_examples
from symdiff.evaluation.exact import as_objects
from symdiff.ir.formulas import from_function
from symdiff.ir.graph import Graph

HALF = Fraction(1, 2)


def exact(value: Any) -> Any:
    return as_objects(np.frompyfunc(Fraction, 1, 1)(np.asarray(value)))


def at(graph: Graph, *values: Any) -> Point:
    return dict(zip(graph.inputs, map(exact, values), strict=True))


def drawn(shape: tuple[int, ...], rule: Any = None, seed: int = 0, count: int = 70) -> list[Any]:
    """Values of one input in some points."""
    graph = sd.trace(lambda x: x, np.ones(shape))
    domain = {} if rule is None else {"x": rule}
    return [point[graph.inputs[0]] for point in islice(points(graph, {}, domain, seed), count)]


# Sampling ---------------------------------------------------------------------------------------------------


def entries(values: list[Any]) -> list[Fraction]:
    found = [entry for value in values for entry in value.ravel()]
    assert all(type(entry) is Fraction for entry in found)
    return found


def test_free_entries_are_short_and_of_every_kind() -> None:
    found = entries(drawn((3,)))
    assert all(x != 0 and (x.denominator & (x.denominator - 1)) == 0 for x in found)
    for kind in (
        lambda x: x < 0,
        lambda x: 0 < x < 1,
        lambda x: -1 < x < 0,
        lambda x: x > 5,
        lambda x: abs(x) < HALF**5,
    ):
        assert any(map(kind, found))


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ((0, None), lambda x: x > 0),
        ((None, 0), lambda x: x < 0),
        ((-1, 1), lambda x: -1 < x < 1),
        ((0.1, 0.2), lambda x: Fraction(0.1) < x < Fraction(0.2)),
        ((10, None), lambda x: x > 10),
        ((None, -10), lambda x: x < -10),
        ("boolean", lambda x: x in (0, 1)),
        ("integer", lambda x: x.denominator == 1),
    ],
)
def test_entries_lie_in_their_domain(rule: Any, holds: Any) -> None:
    found = entries(drawn((2, 2), rule))
    assert all(map(holds, found))
    assert len(set(found)) > 1


def test_sets_of_rows() -> None:
    for value in drawn((2, 3), "one_hot"):
        assert sorted(value.ravel()) == [0, 0, 0, 0, 1, 1]
        assert all(sum(row) == 1 for row in value)
    for value in drawn((2, 3), "simplex"):
        assert all(sum(row) == 1 and min(row) > 0 for row in value)


def test_sets_of_matrices() -> None:
    for value in drawn((2, 3, 3), "symmetric"):
        assert (value == value.swapaxes(-1, -2)).all()
    assert all(value[0, 0] > 0 for value in drawn((1, 1), "positive_definite"))
    for value in drawn((3, 3), "positive_definite", count=20):
        matrix = sp.Matrix(value.tolist())
        assert matrix.is_symmetric()
        assert all(matrix[:k, :k].det() > 0 for k in (1, 2, 3))


def test_integers_keep_the_callers_values_unless_they_are_indices() -> None:
    numbers = np.array([2, 0])
    graph = sd.trace(lambda x, k: x[:2] * k, np.ones(3), numbers)
    point = next(points(graph, {graph.inputs[1]: numbers}, {}, 0))
    assert list(point[graph.inputs[1]]) == [2, 0]
    graph = sd.trace(lambda x, k: x[k], np.ones(3), numbers)
    seen = {tuple(p[graph.inputs[1]]) for p in islice(points(graph, {graph.inputs[1]: numbers}, {}, 0), 60)}
    assert seen == set(product(range(3), repeat=2))


def test_a_seed_gives_one_stream() -> None:
    def stream(seed: int) -> list[Any]:
        return [value.tolist() for value in drawn((2,), seed=seed, count=10)]

    assert stream(1) == stream(1) != stream(2)


def test_points_of_arrays_without_entries() -> None:
    assert [value.shape for value in drawn((0, 3), count=2)] == [(0, 3)] * 2


def test_the_callers_floats_are_read_as_they_are() -> None:
    graph = sd.trace(lambda x: x, np.ones(2))
    point = example_point(graph, {graph.inputs[0]: np.array([0.1, 2.0])})
    assert list(point[graph.inputs[0]]) == [Fraction(0.1), 2]


@pytest.mark.parametrize(
    ("right", "wrong", "test"),
    [
        ("Fraction(low) + distance if", "Fraction(low) - distance if", lambda: test_entries_lie_in_their_domain((0, None), lambda x: x > 0)),
        ("weights.sum(axis=-1", "weights.sum(axis=0", test_sets_of_rows),
        ("lambda: Fraction(0))", "lambda: Fraction(1))", test_sets_of_rows),
        ("half + half.swapaxes(-1, -2)", "half + half", test_sets_of_matrices),
        ("Fraction(i == j)", "Fraction(0)", test_sets_of_matrices),
    ],
)  # fmt: skip
def test_faulty_sampling_is_noticed(right: str, wrong: str, test: Any) -> None:
    with planted(sampling, right, wrong), pytest.raises(AssertionError):
        test()


# Kinks ------------------------------------------------------------------------------------------------------


def on_kink(fn: Any, *values: Any) -> bool:
    graph = sd.trace(fn, *[np.asarray(value, dtype=float) for value in values])
    return is_on_kink(graph.store, kink_nodes(graph.store, graph.outputs, graph.inputs), at(graph, *values))


@pytest.mark.parametrize(
    ("fn", "tied", "free"),
    [
        (lambda x: np.maximum(x, 1), [1, 5], [0, 5]),
        (np.abs, [0, 1], [HALF, 1]),
        (np.max, [2, 2, 1], [2, 1, 1]),
        (lambda x: np.max(x, axis=0), [[1, 2], [0, 2]], [[1, 2], [0, 3]]),
        (np.sign, [0.0], [0.25]),
        (lambda x: np.where(x > 3, x, 0), [3.0], [2.0]),
        (lambda x: np.clip(x, -1, 2), [2, 0], [1, 0]),
        (lambda x: np.maximum(x**2 - 2 * x, -1), [1, 3], [2, 3]),
        (lambda x: np.sum(x[1:] * np.abs(x[0] - x[1])), [3, 3], [3, 4]),
    ],
)
def test_kinks(fn: Any, tied: Any, free: Any) -> None:
    assert on_kink(fn, tied)
    assert not on_kink(fn, free)


def test_smooth_functions_and_constant_comparisons_have_no_kinks() -> None:
    for fn in (np.tanh, lambda x: x**3, np.sinc):
        assert not on_kink(fn, [0, 1])
    assert not on_kink(lambda x: x * np.maximum(np.zeros(2), 0), [0, 1])
    graph = sd.trace(lambda x, mask: np.where(mask, x, 0), np.ones(2), np.array([True, False]))
    assert not is_on_kink(
        graph.store, kink_nodes(graph.store, graph.outputs, graph.inputs[:1]), at(graph, [1, 2], [1, 0])
    )


def test_a_comparison_that_is_held_is_no_kink() -> None:
    graph = sd.trace(lambda x, y: x * np.abs(y), 1.0, 0.0)
    x, y = graph.inputs
    assert not is_on_kink(graph.store, kink_nodes(graph.store, graph.outputs, [x]), at(graph, 1, 0))
    assert is_on_kink(graph.store, kink_nodes(graph.store, graph.outputs, [x, y]), at(graph, 1, 0))


def test_near_is_not_on() -> None:
    assert not on_kink(np.abs, Fraction(1, 10**20))
    assert on_kink(lambda x: np.maximum(np.sin(x) ** 2 + np.cos(x) ** 2, 1), HALF)  # too close to call


def test_gaps_of_a_formula() -> None:
    a, b = sp.symbols("a0 a1", real=True)
    assert gaps(from_function(lambda x: abs(x), 1)) == (a, a)
    assert gaps(from_function(lambda x, y: sp.Max(x, y), 2)) in {(b - a,), (a - b,)}
    assert gaps(from_function(sp.tanh, 1)) == ()


def test_blindness_for_kinks_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without kinks a right derivative of abs is called wrong at 0: another value than ours is a false alarm."""

    def total(x: Any) -> Any:
        return np.sum(np.abs(x))

    def claim(x: Any) -> Any:
        return np.where(x >= 0, 1.0, -1.0)

    assert sd.check(total, claim, np.array([1.0, -2.0])).ok
    for module in (ties, probes, witnesses):
        monkeypatch.setattr(module, "is_on_kink", lambda store, nodes, point: False)
    monkeypatch.setattr(probes, "tied_nodes", lambda store, nodes, point: [])
    assert not on_kink(np.abs, 0.5)
    assert sd.check(total, claim, np.array([1.0, -2.0])).status == "refuted"


# Comparing --------------------------------------------------------------------------------------------------


def outcome(truth: Any, claim: Any, *values: Any) -> comparing.Comparison:
    examples = parameters(truth, tuple(np.asarray(value, dtype=float) for value in values))
    question = ask(truth, claim, examples, 0, "value")
    assert question.claimed is not None
    point = at(question.truth, *values)
    (answer,) = compare(question.truth.store, question.truth.outputs, question.claimed, point)
    return answer


def test_differences_are_certain_however_small() -> None:
    tiny = Fraction(1, 2**28)
    answer = outcome(lambda x: np.exp(x), lambda x: np.exp(x) + x * x * x, tiny)
    assert answer.outcome == "differ"
    assert not answer.claimed.overlaps(answer.exact)
    answer = outcome(lambda x: np.exp(2 * x), lambda x: np.exp(x) ** 2, [HALF, 3])
    assert (answer.outcome, answer.digits > 20) == ("equal", True)
    assert outcome(lambda x: x * (x + 1), lambda x: x * x + x, [HALF, 3]).digits == comparing.MANY


def test_the_first_entry_that_differs_is_named() -> None:
    answer = outcome(lambda x: x, lambda x: x * np.array([[1, 1], [1, 2]]), [[1, 2], [3, 4]])
    assert (answer.outcome, answer.index) == ("differ", (1, 1))


def test_what_has_no_value() -> None:
    assert outcome(lambda x: x, lambda x: x * x / x, [1, 0]).outcome == "claim undefined"
    assert outcome(lambda x: x, lambda x: np.log(x) + x, [1, 0]).outcome == "claim undefined"
    assert outcome(lambda x: x, lambda x: np.sqrt(x) ** 2, [1, -1]).outcome == "claim undefined"
    assert outcome(lambda x: 1 / x, lambda x: 2 / x, [0, 0]).outcome == "no answer"
    assert outcome(lambda x: 1 / x, lambda x: 2 / x, [0, 1]).outcome == "differ"
    same = outcome(lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, HALF)
    assert same.outcome == "equal"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("elif not e.overlaps(c):", "elif abs(float(e.mid()) - float(c.mid())) > 1e-9:"),
        ('silent = True', 'return Comparison("equal")'),
        ('if not e.is_finite():', 'if False:'),
        ("for bits in PRECISIONS:", "for bits in (8,):"),
    ],
)  # fmt: skip
def test_faulty_comparisons_are_noticed(right: str, wrong: str) -> None:
    with planted(comparing, right, wrong), pytest.raises(AssertionError):
        test_differences_are_certain_however_small()
        test_what_has_no_value()


# Shrinking --------------------------------------------------------------------------------------------------


def shrunk(wrong: Any, values: Mapping[str, Any], domain: dict[str, Any] | None = None) -> dict[str, Any]:
    """The simplest point at which a condition on the values holds."""
    graph = sd.Graph()
    graph.output(*[graph.input(name, np.shape(value)) for name, value in values.items()])

    def still_wrong(point: Point) -> bool | None:
        return wrong(*(point[node] for node in graph.inputs)) or None

    point, _ = simplest_point(graph, at(graph, *values.values()), domain or {}, still_wrong)
    return {name: point[node].tolist() for name, node in zip(values, graph.inputs, strict=True)}


def test_numbers_become_simple() -> None:
    big = [Fraction(37, 8), Fraction(-5, 4), 17]
    assert shrunk(lambda x: True, {"x": big}) == {"x": [0, 0, 0]}
    assert shrunk(lambda x: x[1] != 0, {"x": big}) == {"x": [0, 1, 0]}
    assert shrunk(lambda x: (x > 1).any(), {"x": big}) == {"x": [2, 0, 0]}
    assert shrunk(lambda x: x[0] + x[1] != 0, {"x": big}) == {"x": [1, 0, 0]}
    assert shrunk(lambda x: sum(x) > 20, {"x": big})["x"][2] == 17


def test_arguments_are_shrunk_together() -> None:
    found = shrunk(lambda x, y: bool((x * y).any()), {"x": [7, 9], "y": [[5, 6], [7, 8]]})
    assert sorted(np.ravel(found["x"])) == [0, 1]
    assert sorted(np.ravel(found["y"])) == [0, 0, 0, 1]


def test_shrinking_stays_in_the_domain() -> None:
    assert shrunk(lambda x: True, {"x": [5, 7]}, {"x": (1, None)}) == {"x": [1, 1]}
    assert shrunk(lambda x: True, {"x": [HALF, HALF]}, {"x": (0.25, 0.5)}) == {"x": [HALF, HALF]}
    assert shrunk(lambda x: True, {"x": [-7]}, {"x": (None, -1)}) == {"x": [-1]}
    assert shrunk(lambda x: True, {"x": [0, 1, 0]}, {"x": "one_hot"}) == {"x": [0, 1, 0]}


def test_simple_numbers_are_in_order() -> None:
    assert len(set(SIMPLE)) == len(SIMPLE)
    assert SIMPLE[:5] == (0, 1, -1, HALF, 2)


def sizes(examples: Any) -> list[Any]:
    return [{k: v.shape for k, v in smaller.items()} for smaller in smaller_examples(examples)]


def test_axes_become_short() -> None:
    assert sizes({"x": np.zeros(2)}) == []
    assert sizes({"x": np.zeros(5)})[0] == {"x": (2,)}
    found = sizes({"W": np.zeros((7, 5)), "x": np.zeros(5)})
    assert found[0] == {"W": (2, 2), "x": (2,)}
    assert {"W": (3, 2), "x": (2,)} in found
    assert all(smaller["W"][1:] == smaller["x"] for smaller in found)
    nested = next(smaller_examples({"p": {"W": np.zeros((3, 3)), "b": [np.zeros(3), 2.0]}}))
    assert (nested["p"]["W"].shape, nested["p"]["b"][0].shape, nested["p"]["b"][1]) == ((2, 2), (2,), 2.0)


@pytest.mark.parametrize(
    ("right", "wrong", "test"),
    [
        ("value >= low", "value > low", test_shrinking_stays_in_the_domain),
        ("_rank(now) <= _rank(value)", "_rank(now) > _rank(value)", test_numbers_become_simple),
        ("not isinstance(domain.get(op.name), str)", "True", test_shrinking_stays_in_the_domain),
        ("slice(sizes.get(size, size)) for", "slice(2) for", test_axes_become_short),
        (
            "if found is not None:\n            point, best",
            "if True:\n            point, best",
            test_numbers_become_simple,
        ),
    ],
)
def test_faulty_shrinking_is_noticed(right: str, wrong: str, test: Any) -> None:
    with planted(shrinking, right, wrong), pytest.raises(AssertionError):
        test()
