"""The parts of the judgement at kinks: hulls, limits, selections, cells, points, conventions; and planted faults."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import test_kinks as whole
from faults import planted
from kink_functions import ZERO, X, filled, layer, log_sum_exp, norm, rectified

from symdiff.checking.arguments import parameters
from symdiff.checking.kinks import (
    cells,
    conventions,
    exact_balls,
    hulls,
    limits,
    notes,
    points,
    selections,
    shifts,
    standing,
    ties,
)
from symdiff.checking.kinks.conventions import SLOPES
from symdiff.checking.kinks.hulls import is_inside, nearest
from symdiff.checking.kinks.limits import Surroundings, slanted
from symdiff.checking.kinks.points import on_kinks
from symdiff.checking.kinks.shifts import is_shift
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.questions import Question, ask
from symdiff.checking.sampling import example_point
from symdiff.checking.witnesses import by_node


def place(fn: Callable[..., Any], *inputs: Any) -> Surroundings:
    question = asked(fn, *inputs)
    point = example_point(question.truth, by_node(question))
    return Surroundings(question, tuple(range(len(question.targets))), point)


def asked(fn: Callable[..., Any], *inputs: Any) -> Question:
    return ask(fn, fn, parameters(fn, inputs), 0, "gradient")


def test_hulls() -> None:
    corners = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]
    for inside in ([1.0, 0.0], [0.5, 0.5], [0.25, 0.75]):
        assert is_inside(corners, np.array(inside))
    for outside in ([0.5, 0.5001], [1.0, 1.0], [0.0, 0.0], [1.001, -0.001]):
        assert not is_inside(corners, np.array(outside))
    assert not is_inside(corners[:1], corners[1])
    square = [[np.zeros(2), np.array([1.0, 0.0])], [np.zeros(2), np.array([0.0, 1.0])]]
    point, gap = nearest(square, np.array([2.0, 0.5]))
    assert np.allclose(point, [1.0, 0.5], atol=1e-4)
    assert gap > 0.1
    assert nearest(square, np.array([1.0, 1.0]))[1] < 1e-9


def test_limits_from_all_sides() -> None:
    for fn, inputs, outcome in (
        (rectified, ZERO, "finite"),
        (norm, ZERO, "finite"),
        (filled, 0.0, "finite"),
        (lambda x: np.sum(np.sign(x)), ZERO, "jump"),
        (lambda x: np.sum(np.sqrt(np.abs(x))), ZERO, "infinite slope"),
        (lambda x: np.abs(x) * np.log(np.abs(x)), 0.0, "infinite slope"),
    ):
        around = place(fn, inputs)
        assert {around.look(direction).outcome for direction in slanted(around)} == {outcome}
    around = place(filled, 0.0)
    assert all(abs(float(around.look(d).derivative[0]) - 0.5) < 1e-12 for d in slanted(around))
    around = place(lambda x: np.sqrt(x) ** 3, 0.0)
    assert {around.look(direction).outcome for direction in slanted(around)} == {"outside", "finite"}


def test_the_rules_allow_what_some_branches_give() -> None:
    for fn, inputs, inside, outside in (
        (np.max, np.zeros(3), [0.2, 0.3, 0.5], [1.0, 1.0, 1.0]),
        (rectified, ZERO, [0.0, 0.5, 1.0], [0.0, 0.5, 1.1]),
        (lambda x: np.sum(np.maximum(x, 0) - np.maximum(-x, 0)), np.zeros(1), [0.0], [2.5]),
        (lambda x: np.sum(np.maximum(x, 0) + np.minimum(x, 0)), np.zeros(1), [1.0], [0.0]),
        (lambda x: np.maximum(x[0], x[1]) + np.minimum(x[0], x[1]), np.zeros(2), [1.0, 1.0], [1.0, 0.0]),
        (lambda x: np.maximum(x[0], x[1]) - np.maximum(x[1], x[0]), np.zeros(2), [0.0, 0.0], [1.0, -1.0]),
    ):
        around = place(fn, inputs)
        chosen = selections.selections(around.question, (0,), around.point)
        assert chosen is not None
        assert selections.allows(chosen, np.array(inside)) == "yes"
        assert selections.allows(chosen, np.array(outside)) == "no"


def test_cells_find_every_piece() -> None:
    """The positive orthant of six arguments is one piece of sixty-four."""

    found = cells.cells(place(rectified, np.zeros(6)))
    assert found is not None
    assert found.independent is True
    assert found.slopes.shape == (6, 6)
    around = place(rectified, np.zeros(6))
    pieces = {tuple(around.look(d).derivative) for d in found.directions(around)}
    assert len(pieces) == 64
    layered = cells.cells(place(layer, np.zeros(2)))
    assert layered is not None
    assert layered.slopes.shape == (4, 2)
    assert layered.independent is False
    assert cells.cells(place(rectified, np.ones(6))) is None


def test_points_are_on_one_kink_at_a_time() -> None:
    def two(W: Any, b: Any, y: Any) -> Any:
        return np.sum(np.maximum(W @ np.array([1.0, 2.0]) + b, 0)) + np.max(b) + np.sum(np.abs(b - y))

    inputs = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([0.5, -0.25]), np.array([1.0, 2.0])
    question = ask(two, lambda W, b, y: (W, b), parameters(two, inputs), ("W", "b"), "gradient")
    base = example_point(question.truth, by_node(question))
    points = on_kinks(question, base, lambda point: True)
    found = [ties.tied_nodes(question.truth.store, question.kinks, point) for point in points]
    assert sorted(map(len, found)) == [1, 1, 1, 1]
    assert {node for nodes in found for node in nodes} == set(question.kinks)
    third = asked(lambda x: np.abs(3 * x - 1), 0.5)
    (only,) = on_kinks(third, example_point(third.truth, by_node(third)), lambda point: True)
    assert [value[()] for value in only.values()] == [Fraction(1, 3)]


def test_decimals_meet_exactly() -> None:
    ball = exact_balls.EXACT_BALLS.number
    tenth, third = ball(Fraction(1, 10)), ball(Fraction(1, 3))
    for zero in (
        3 * third - 1,
        tenth * 10 - 1,
        tenth + tenth / 2 - ball(Fraction(3, 20)),
        abs(-tenth) - tenth,
    ):
        assert zero.is_zero()
    assert (third**2 - ball(Fraction(1, 9))).is_zero()
    assert (tenth**-1 - 10).is_zero()
    root = exact_balls.EXACT_BALLS.functions["sqrt"](third)
    assert (root * root - third).contains(0)
    assert not (root * root - third).is_zero()
    assert not (1 / (tenth - tenth)).is_finite()
    assert exact_balls.EXACT_BALLS.equal(exact_balls.EXACT_BALLS.literal(0.1), tenth)
    assert exact_balls.EXACT_BALLS.largest([tenth, third]) is third


def test_a_literal_beside_a_float_is_left_open() -> None:
    """0.1 + 0.2 is another float than 0.3: at the floats themselves nobody knows which was meant."""
    for x in (0.3, 0.1 + 0.2):
        around = place(lambda x: np.maximum(x - 0.3, 0), x)
        nodes = around.question.truth.outputs
        assert exact_balls.arithmetic_at(around.question.truth.store, nodes, around.point) is None


def test_what_is_tied_all_around_is_no_kink() -> None:
    def tied(fn: Callable[..., Any], x: Any) -> bool:
        around = place(fn, np.asarray(x, dtype=float))
        return is_on_kink(around.question.truth.store, around.question.kinks, around.point)

    for fn, x, answer in (
        (lambda x: np.sum(np.abs(np.tril(x))), [[1, 2], [3, 4]], False),
        (lambda x: np.sum(np.abs(np.tril(x))), [[1, 2], [0, 4]], True),
        (lambda x: np.max(np.concatenate([x, x])), [1, 2], False),
        (lambda x: np.max(np.concatenate([x, x])), [2, 2], True),
        (lambda x: np.sum(np.maximum(np.maximum(x, 0), 0)), [-1], False),
        (lambda x: np.sum(np.maximum(np.maximum(x, 0), 0)), [0], True),
        (lambda x: np.sum(np.maximum(np.sin(x) ** 2 + np.cos(x) ** 2, 1)), [0.5], True),
    ):
        assert tied(fn, x) is answer


def test_a_maximum_may_be_a_shift() -> None:
    for fn, answer in ((log_sum_exp, True), (lambda x: np.max(x) + np.log(np.sum(np.exp(x))), False)):
        question = asked(fn, X)
        (node,) = question.kinks
        assert is_shift(question, node) is answer


@pytest.mark.peer
def test_conventions_are_those_of_torch_and_jax() -> None:
    import jax
    import torch

    def of_torch(fn: Any, *at: float) -> float:
        xs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in at]
        fn(*xs).backward()
        return float(xs[0].grad)

    def of_jax(fn: Any, *at: float) -> float:
        return float(jax.grad(fn)(*at))

    ramp, fold = SLOPES[0.0, 1.0], SLOPES[-1.0, 1.0]
    assert ramp[of_torch(torch.relu, 0.0)] == ramp[of_jax(jax.nn.relu, 0.0)] == "torch.relu and jax.nn.relu"
    assert ramp[of_torch(lambda x: torch.clamp(x, 0, 1), 0.0)] == "torch.clamp"
    assert fold[of_torch(torch.abs, 0.0)] == "torch.abs"
    assert fold[of_jax(jax.numpy.abs, 0.0)] == "jnp.abs"
    for larger in (of_torch(torch.maximum, 1.0, 1.0), of_jax(jax.numpy.maximum, 1.0, 1.0)):
        assert ramp[larger] == "torch.maximum and jnp.maximum"
    assert of_torch(lambda x: torch.nn.functional.relu6(x), 6.0) == 0
    assert of_torch(lambda x: torch.linalg.norm(x.reshape(1)), 0.0) == 0
    assert np.isnan(of_jax(lambda x: jax.numpy.linalg.norm(x.reshape(1)), 0.0))
    assert of_torch(lambda x: torch.amax(torch.stack([x, x.detach()])), 1.0) == 0.5
    assert of_jax(lambda x: jax.numpy.max(jax.numpy.stack([x, jax.lax.stop_gradient(x)])), 1.0) == 0.5


# Would these tests notice? --------------------------------------------------------------------------------------


def accepts(name: str) -> Callable[[], None]:
    return lambda: whole.test_right_claims_are_accepted(name)


def refutes(name: str) -> Callable[[], None]:
    return lambda: whole.test_claims_wrong_at_special_points_are_refuted(name)


def says(k: int) -> Callable[[], None]:
    return lambda: whole.test_the_place_and_the_convention_are_named(*whole.WORDS[k])


@pytest.mark.parametrize(
    ("module", "right", "wrong", "test"),
    [
        (standing, 'if allowed == "no":', 'if allowed == "never":', refutes("max, each in full")),
        (standing, "if spread(place.finite) <= CLOSE:\n        return \"wrong\"", "if False:\n        return \"wrong\"",
         refutes("relu of both signs")),
        (standing, "> _MARGIN else", "> 1e9 else", refutes("norm 1")),
        (standing, "return {} if excused else", "return {} if True else",
         whole.test_no_value_where_the_derivative_is_finite),
        (standing, "for _ in range(_REFINEMENTS):", "for _ in range(0):", accepts("norm, on the sphere")),
        (hulls, "wanted = np.ravel(value)", "wanted = 0 * np.ravel(value)", test_hulls),
        (limits, 'return Limit("jump", derivative)', 'return Limit("finite", derivative)', test_limits_from_all_sides),
        (limits, "_STEPS if self.is_singular else _STEPS[1:]", "_STEPS[1:]", test_limits_from_all_sides),
        (selections, "options[::-1] if flipped else options", "options", test_the_rules_allow_what_some_branches_give),
        (selections, "if len(tied) == 1:", "if not tied:", test_the_rules_allow_what_some_branches_give),
        (cells, "if 2**count <= _MOST_CELLS:", "if not count:", test_cells_find_every_piece),
        (ties, "found[node] > near[node] % _UNSURE", "found[node] > 0", test_what_is_tied_all_around_is_no_kink),
        (ties, "% _UNSURE", "% 2", test_what_is_tied_all_around_is_no_kink),
        (points, "step = first / (first - second)", "step = first / (second - first)",
         test_points_are_on_one_kink_at_a_time),
        (exact_balls, "ExactBall(None, combine(one.value, other.value))", "ExactBall(combine(one.ball, other.ball))",
         test_decimals_meet_exactly),
        (exact_balls, "or not is_binary(point)", "or True", test_a_literal_beside_a_float_is_left_open),
        (conventions, "slope = pair[0] + part", "slope = pair[0] - part", says(1)),
        (notes, 'if "jump" in outcomes:', 'if "hop" in outcomes:', says(11)),
        (shifts, "blocked=frozenset({(node, 0)})", "blocked=frozenset()", test_a_maximum_may_be_a_shift),
    ],
)  # fmt: skip
def test_faults_are_noticed(module: Any, right: str, wrong: str, test: Callable[[], None]) -> None:
    with planted(module, right, wrong), pytest.raises(AssertionError):
        test()
