"""Does a screen see what an edit does, and are sums and neighbours recognised where they stand?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from faults import planted

import symdiff as sd
from symdiff.checking.arguments import parameters
from symdiff.checking.mistakes import positions, reductions, screening
from symdiff.checking.mistakes.editing import Editing, Site
from symdiff.checking.mistakes.probing import agree, probes
from symdiff.checking.mistakes.screening import Screen
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, ask
from symdiff.evaluation.reference import evaluate
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Graph, Node

# ruff: noqa: E501  (tables)

Claim = Callable[..., Any]
V = np.array([0.5, -1.25, 2.0, 0.75])
R = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])


def asked(fn: Claim, claim: Claim, inputs: Any, wrt: Any = 0, of: Any = "gradient") -> Question:
    question = ask(fn, claim, parameters(fn, inputs), wrt, of)
    assert question.claimed is not None
    return question


def screened(question: Question) -> Screen:
    assert question.claimed is not None
    points = probes(question, Options())
    return Screen(question.truth.store, points, question.truth.outputs[0], question.claimed[0])


def editing(fn: Claim, claim: Claim, inputs: Any) -> Editing:
    question = asked(fn, claim, inputs)
    return Editing(question, 0, screened(question))


def node(fn: Claim, *inputs: Any) -> tuple[Graph, Node]:
    graph = sd.trace(fn, *inputs)
    return graph, graph.outputs[0]


def value(graph: Graph, of: Node, *inputs: Any) -> Any:
    known = dict(zip(graph.inputs, map(np.asarray, inputs), strict=True))
    return evaluate(Graph(graph.store, graph.inputs, (of,)), known, np.dtype(float))[of]


# The screen -------------------------------------------------------------------------------------------------


def squares(x: Any) -> Any:
    return np.sum(x**2)


def test_a_screen_holds_the_values_of_the_graph() -> None:
    question = asked(squares, lambda x: 3 * np.tanh(x), (V,))
    screen = screened(question)
    assert len(screen) == 4
    (x,) = question.truth.inputs
    for k in range(len(screen)):
        at = screen.value(k, x)
        np.testing.assert_array_equal(screen.value(k, screen.truth), 2 * at)
        np.testing.assert_array_equal(screen.value(k, screen.claim), 3 * np.tanh(at))
        assert screen.scale(k) == max(np.max(abs(2 * at)), np.max(abs(3 * np.tanh(at))))


def test_an_edit_changes_one_use_or_all() -> None:
    """Of ``x * x + x`` one x becomes another number, then all of them."""
    question = asked(squares, lambda x: np.exp(x) * x + x, (V,))
    screen = screened(question)
    (x,) = question.truth.inputs
    at, other = screen.value(0, x), np.array([1.0, 2.0, -1.0, 3.0])
    (user,) = (n for n in screen.order if len(question.truth.store.operands(n)) == 2 and n != screen.claim)
    slot = question.truth.store.operands(user).index(x)
    np.testing.assert_array_equal(screen.changed(0), np.exp(at) * at + at)
    np.testing.assert_array_equal(screen.changed(0, {(user, slot): other}), np.exp(at) * other + at)
    np.testing.assert_array_equal(screen.changed(0, None, {x: other}), np.exp(other) * other + other)
    np.testing.assert_array_equal(screen.changed(0, None, {screen.claim: other}), other)
    np.testing.assert_array_equal(screen.value(0, x), at)  # nothing of it stays


def test_edits_that_mend_and_edits_that_do_not() -> None:
    question = asked(squares, lambda x: 2 * np.tanh(x), (V,))
    screen, store = screened(question), question.truth.store
    (x,) = question.truth.inputs
    (tanh,) = (n for n in screen.order if store.operands(n) == (x,) and store.kind(n) == "real")
    assert screen.mends({}, {tanh: x})
    assert not screen.mends({}, {tanh: alg.scale(store, x, 2)})
    assert screen.agree(screen.truth, alg.scale(store, x, 2))
    assert not screen.agree(screen.truth, screen.claim)
    assert not screen.agree(screen.truth, alg.reshape(store, screen.truth, (2, 2)))


@pytest.mark.parametrize(
    ("left", "right", "scale", "same"),
    [
        ([1.0, 2.0], [1.0, 2.0], 1.0, True),
        ([1.0, 2.0], [1.0, 2.0 + 1e-12], 1.0, True),
        ([1.0, 2.0], [1.0, 2.0 + 1e-6], 1.0, False),
        ([1.0, 2.0], [1.0, 2.0 + 1e-6], 1e6, True),
        ([1.0, np.nan], [1.0, 2.0], 1.0, False),
        ([1.0, np.inf], [1.0, 2.0], 1.0, False),
        ([1.0, 2.0], [1.0], 1.0, False),
    ],
)
def test_close(left: list[float], right: list[float], scale: float, same: bool) -> None:
    assert screening.close(np.array(left), np.array(right), scale) is same


@pytest.mark.parametrize(("values", "largest"), [([-3, 2], 3), ([np.inf, 1], 1), ([np.nan], 0), ([], 0)])
def test_size_is_that_of_finite_entries(values: list[float], largest: float) -> None:
    assert screening.size(np.array(values, dtype=float)) == largest


def test_points_where_digits_are_lost_are_not_trusted() -> None:
    screen = screened(asked(squares, lambda x: 3 * x, (V,)))
    truth, claim = screen.value(0, screen.truth), screen.value(0, screen.claim)
    assert screen.trusts(0, [truth, claim])
    assert not screen.trusts(0, [truth, claim + 1e-6])
    assert not screen.trusts(0, [truth * np.nan, claim])
    screen.keep([2])
    assert len(screen) == 1


def test_probes_are_off_every_kink_and_differ() -> None:
    question = asked(lambda x: np.sum(np.maximum(x, 0)), lambda x: (x > 1) * 1.0, (V,))
    (x,) = question.truth.inputs
    found = [np.asarray(point[x], dtype=float) for point in probes(question, Options(), 6)]
    assert len(found) == 6
    assert all(np.all(at != 0) for at in found)
    assert len({at.tobytes() for at in found}) == 6


def test_nodes_agree_in_balls_or_not() -> None:
    question = asked(squares, lambda x: x + x * (1 + 1e-13), (V,))
    points, (truth,), screen = probes(question, Options()), question.truth.outputs, screened(question)
    assert question.claimed is not None
    assert screen.agree(truth, question.claimed[0])
    assert agree(question, truth, truth, points)
    assert not agree(question, truth, question.claimed[0], points)  # the screen cannot tell
    assert not agree(question, truth, truth, [])


# What an edit can reach -------------------------------------------------------------------------------------


def test_sites_are_each_use_and_all_together() -> None:
    edited = editing(squares, lambda x: np.exp(x) * x, (V,))
    (x,) = edited.question.truth.inputs
    assert edited.uses[x] == 2
    assert [site.edge is not None for site in edited.sites if site.node == x] == [True, True, False]
    assert Site(x).put(1) == ({}, {x: 1})
    assert Site(x, ((7, 0),)).put(1) == ({(7, 0): 1}, {})


def test_the_mended_claim_is_the_one_that_was_screened() -> None:
    edited = editing(squares, lambda x: 2 * np.tanh(x), (V,))
    store, (x,) = edited.store, edited.question.truth.inputs
    (tanh,) = (n for n in edited.nodes if store.operands(n) == (x,) and store.kind(n) == "real")
    (suspect,) = edited.mended("stale", lambda: "words", nodes={tanh: x})
    assert (suspect.kind, suspect.detail, suspect.mended, suspect.place) == ("stale", "words", True, tanh)
    assert agree(edited.question, suspect.left, suspect.right, probes(edited.question, Options()))
    assert not list(edited.mended("stale", lambda: "words", nodes={tanh: edited.claim}))


# Sums -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "axes", "scale"),
    [
        (lambda x: np.sum(x, axis=0), (0,), 1),
        (lambda x: np.sum(x * x), (0, 1), 1),
        (lambda x: np.mean(np.tanh(x), axis=1), (1,), 1 / 3),
        (lambda x: x @ np.ones(3), None, None),  # a table is no axis of ones that one sees
        (lambda x: np.tanh(x), None, None),
        (lambda x: x @ x.T, None, None),
        (lambda x: 2 * x, None, None),
    ],
    ids=["sum", "of squares", "mean", "table", "map", "matrix product", "scaled"],
)
def test_sums_are_read(fn: Claim, axes: tuple[int, ...] | None, scale: float | None) -> None:
    graph, top = node(fn, R)
    found = reductions.read(graph.store, top)
    if axes is None:
        again = None if found is None else found.scale * np.sum(value(graph, found.whole, R), axis=found.axes)
        assert again is None or np.allclose(np.asarray(again, dtype=float), fn(R))
        return
    assert found is not None
    assert (found.axes, float(found.scale)) == (axes, scale)
    whole = value(graph, found.whole, R)
    assert whole.shape == R.shape
    np.testing.assert_allclose(float(found.scale) * np.sum(whole, axis=axes), fn(R), rtol=1e-15)


def test_a_sum_that_is_repeated_along_its_axis_is_found() -> None:
    edited = editing(lambda x: np.sum(x**2), lambda x: x * np.sum(np.tanh(x), axis=1, keepdims=True), (R,))
    ((_, _, found),) = reductions._sums_below(edited)
    assert found.axes == (1,)
    assert edited.store.shape(found.whole) == (2, 3)


# Neighbours -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "beside"),
    [
        (lambda x: x[1:], [lambda x: x[:-1]]),
        (lambda x: x[1:3], [lambda x: x[2:], lambda x: x[:2]]),
        (lambda x: x[:1], [lambda x: x[1:2], lambda x: x[2:3]]),
        (lambda x: x[::2], [lambda x: x[1::2]]),
        (lambda x: np.pad(x, (1, 0)), [lambda x: np.pad(x, (0, 1))]),
        (lambda x: x[np.array([0, 2])], [lambda x: x[[1, 3]], lambda x: x[[3, 1]], lambda x: x[[2, 0]]]),
        (np.tanh, []),
        (lambda x: x[::-1], []),
    ],
    ids=["rest", "middle", "first", "every other", "pad", "take", "map", "reversed"],
)
def test_neighbours(fn: Claim, beside: list[Claim]) -> None:
    """The same operation one or two places on, where that stays on the axis."""
    graph, top = node(fn, V)
    found = {value(graph, n, V).tobytes() for n in positions.moved(graph.store, top)}
    assert found == {np.asarray(other(V)).tobytes() for other in beside}


# Would these tests notice? ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "right", "wrong", "test"),
    [
        (screening, "if node < first or node in dirty:", "if node <= first or node in dirty:", "use"),
        (screening, "return max(size(truth), size(claim), 1e-300)", "return size(truth)", "values"),
        (screening, "return value is not None and close(value, truth,", "return value is not None or close(value, truth,", "mends"),
        (positions, "start = span.start + step", "start = span.start - 2 * step", "neighbours"),
        (reductions, "if label not in op.output), op.coefficient)", "if label in op.output), op.coefficient)", "sums"),
    ],
    ids=["first user", "scale", "never mends", "step", "axes"],
)  # fmt: skip
def test_a_wrong_reading_is_noticed(module: Any, right: str, wrong: str, test: str) -> None:
    tests: dict[str, Callable[[], None]] = {
        "use": test_an_edit_changes_one_use_or_all,
        "values": test_a_screen_holds_the_values_of_the_graph,
        "mends": test_edits_that_mend_and_edits_that_do_not,
        "neighbours": lambda: test_neighbours(lambda x: x[1:], [lambda x: x[:-1]]),
        "sums": lambda: test_sums_are_read(lambda x: np.sum(x, axis=0), (0,), 1),
    }
    with planted(module, right, wrong), pytest.raises((AssertionError, TypeError, ValueError)):
        tests[test]()
