"""Kinks, ties, gaps and edges: every convention is right, what no subgradient allows is wrong, places are named."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from faults import planted
from kink_cases import (
    RIGHT,
    WRONG,
    ZERO,
    X,
    absolute,
    filled,
    layer,
    log_sum_exp,
    norm,
    rectified,
    shares,
    step,
)

import symdiff as sd
from symdiff.checking import (
    cells,
    conventions,
    edges,
    hulls,
    kink_notes,
    kink_points,
    kinks,
    limits,
    selections,
    shifts,
)
from symdiff.checking.arguments import parameters
from symdiff.checking.conventions import SLOPES
from symdiff.checking.hulls import is_inside, nearest
from symdiff.checking.kink_points import on_kinks
from symdiff.checking.limits import Surroundings, slanted
from symdiff.checking.questions import Question, ask
from symdiff.checking.sampling import example_point
from symdiff.checking.shifts import is_shift
from symdiff.checking.witnesses import by_node


@pytest.mark.parametrize("name", RIGHT)
def test_right_claims_are_accepted(name: str) -> None:
    fn, claim, inputs, options = RIGHT[name]
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # 0/0 at the caller's own point is what some are about
        verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "proved", str(verdict)


@pytest.mark.parametrize("name", WRONG)
def test_claims_wrong_at_special_points_are_refuted(name: str) -> None:
    fn, claim, inputs, options = WRONG[name]
    verdict = sd.check(fn, claim, inputs, **options)
    assert verdict.status == "refuted", str(verdict)
    assert verdict.mistake is not None
    assert verdict.mistake.kind == "edge", str(verdict)
    assert verdict.witness is not None


# What is said ---------------------------------------------------------------------------------------------------

MEAN = "any mean of the limits of the derivative"
WORDS: list[tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...], str | None]] = [
    (rectified, step(0), (X,),
     "kink where x = 0: any value between the limits 0 and 1 is right; "
     "the claim takes 0, as torch.relu and jax.nn.relu"),
    (rectified, step(0.5), (X,),
     "kink where x = 0: any value between the limits 0 and 1 is right; "
     "the claim takes 0.5, as torch.maximum and jnp.maximum"),
    (absolute, step(1, -1.0), (X,),
     "kink where x = 0: any value between the limits -1 and 1 is right; the claim takes 1, as jnp.abs"),
    (absolute, np.sign, (X,),
     "kink where x = 0: any value between the limits -1 and 1 is right; the claim takes 0, as torch.abs"),
    (lambda x: np.sum(np.minimum(x, 6)), lambda x: (x < 6) * 1.0, (X,),
     "kink where x = 6: any value between the limits 0 and 1 is right; "
     "the claim takes 0, as torch.nn.functional.relu6"),
    (lambda x: np.max(x), shares, (X,),
     "kink where the maximum of x is tied: any shares of the largest that sum to 1 are right; "
     "the claim takes equal shares, as jnp.max, torch.amax and torch.max of all entries"),
    (norm, lambda x: np.where(norm(x) == 0, 0, x / norm(x)), (X,),
     f"kink where sqrt(sum(x**2)) = 0: {MEAN} from all sides is right; "
     "the claim gives 0, as torch.linalg.norm (JAX gives NaN)"),
    (norm, lambda x: x / norm(x), (X,),
     f"kink where sqrt(sum(x**2)) = 0: {MEAN} from all sides is right; the claim has no value there, which is excused"),
    (lambda x: np.sum(np.maximum(x, 0) - 0.1 * np.maximum(-x, 0)), lambda x: (x > 0) + 0.1 * (x < 0), (X,),
     "kink where x = 0, -x = 0: any value between the limits 0.1 and 1 is right; "
     "the claim gives 0, which the rules allow and the limits do not: undecided there"),
    (lambda x: np.sum(np.sign(x)), lambda x: 0 * x, (X,),
     "jump where x = 0: there is no derivative, and nothing is judged there"),
    (lambda x: np.sum(x * np.log(x)), lambda x: np.log(x) + 1, (np.abs(X),),
     "infinite slope where x = 0: no finite value is right there, and none is judged"),
    (lambda x: np.sum(np.sqrt(np.abs(x))), lambda x: 0.5 * np.sign(x) / np.sqrt(np.abs(x)), (X,),
     "infinite slope where x = 0: no finite value is right there, and none is judged"),
    (lambda x: np.sum(np.log(x)), lambda x: 1 / x, (np.abs(X),),
     "edge of the domain where x = 0: limits from inside are judged there, where there are any"),
    (lambda x: np.sin(x) / x, lambda x: np.cos(x) / x - np.sin(x) / x**2, (0.5,),
     "removable singularity where x = 0: the limit is right there"),
    (lambda x: np.sum(x * np.abs(x)), lambda x: 2 * np.abs(x), (X,), None),
    (lambda x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x)))), lambda x: np.exp(x) / np.sum(np.exp(x)), (X,), None),
    (np.tanh, lambda x: 1 - np.tanh(x) ** 2, (0.5,), None),
]  # fmt: skip


@pytest.mark.parametrize(("fn", "claim", "inputs", "words"), WORDS)
def test_the_place_and_the_convention_are_named(
    fn: Callable[..., Any], claim: Callable[..., Any], inputs: tuple[Any, ...], words: str | None
) -> None:
    verdict = sd.check(fn, claim, inputs)
    assert (verdict.status, verdict.kink) == ("proved", words)


def test_parts_that_do_not_fit_together_are_told() -> None:
    def larger(x: Any, y: Any) -> Any:
        return np.maximum(x, y)

    verdict = sd.check(larger, lambda x, y: (x >= y, y >= x), (1.0, 1.0), wrt=("x", "y"))
    words = "the claim gives 1: every argument's part is right alone, but they are no derivative together"
    assert verdict.status == "proved"
    assert verdict.kink == f"kink where x = y: any value between the limits 0 and 1 is right; {words}"


def test_no_value_where_the_derivative_is_finite() -> None:
    """Excused at points that nobody asked about; not at the caller's own, and not inside the caller's domain."""

    def slope(x: Any) -> Any:
        return (np.pi * x * np.cos(np.pi * x) - np.sin(np.pi * x)) / (np.pi * x**2)

    def plain(x: Any) -> Any:
        return np.cos(x) / x - np.sin(x) / x**2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for fn, claim in ((np.sinc, slope), (lambda x: np.sin(x) / x, plain)):
            assert sd.check(fn, claim, 0.5).status == "proved"
            for inputs, domain in ((0.0, {}), (0.5, {"x": (-1, 1)})):
                verdict = sd.check(fn, claim, inputs, domain=domain)
                assert verdict.status == "refuted"
                assert verdict.mistake is not None
                assert verdict.mistake.kind == "nan"


# The parts ------------------------------------------------------------------------------------------------------


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
    found = [kinks.tied_nodes(question.truth.store, question.kinks, point) for point in points]
    assert sorted(map(len, found)) == [1, 1, 1, 1]
    assert {node for nodes in found for node in nodes} == set(question.kinks)
    third = asked(lambda x: np.abs(3 * x - 1), 0.5)
    assert list(on_kinks(third, example_point(third.truth, by_node(third)), lambda point: True)) == []


def test_a_maximum_may_be_a_shift() -> None:
    for fn, answer in ((log_sum_exp, True), (lambda x: np.max(x) + np.log(np.sum(np.exp(x))), False)):
        question = asked(fn, X)
        (node,) = question.kinks
        assert is_shift(question, node) is answer


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
    return lambda: test_right_claims_are_accepted(name)


def refutes(name: str) -> Callable[[], None]:
    return lambda: test_claims_wrong_at_special_points_are_refuted(name)


def says(k: int) -> Callable[[], None]:
    return lambda: test_the_place_and_the_convention_are_named(*WORDS[k])


@pytest.mark.parametrize(
    ("module", "right", "wrong", "test"),
    [
        (edges, 'if allowed == "no":', 'if allowed == "never":', refutes("max, each in full")),
        (edges, "if spread(place.finite) <= CLOSE:\n        return \"wrong\"", "if False:\n        return \"wrong\"",
         refutes("relu of both signs")),
        (edges, "> _MARGIN else", "> 1e9 else", refutes("norm 1")),
        (edges, "return {} if excused else", "return {} if True else", test_no_value_where_the_derivative_is_finite),
        (edges, "for _ in range(_REFINEMENTS):", "for _ in range(0):", accepts("norm, on the sphere")),
        (hulls, "wanted = np.ravel(value)", "wanted = 0 * np.ravel(value)", test_hulls),
        (limits, 'return Limit("jump", derivative)', 'return Limit("finite", derivative)', test_limits_from_all_sides),
        (limits, "_STEPS if self.is_singular else _STEPS[1:]", "_STEPS[1:]", test_limits_from_all_sides),
        (selections, "options[::-1] if flipped else options", "options", test_the_rules_allow_what_some_branches_give),
        (selections, "if len(tied) == 1:", "if not tied:", test_the_rules_allow_what_some_branches_give),
        (cells, "if 2**count <= _MOST_CELLS:", "if not count:", test_cells_find_every_piece),
        (kink_points, "if is_binary and", "if", test_points_are_on_one_kink_at_a_time),
        (conventions, "slope = pair[0] + part", "slope = pair[0] - part", says(1)),
        (kink_notes, 'if "jump" in outcomes:', 'if "hop" in outcomes:', says(9)),
        (shifts, "blocked=frozenset({(node, 0)})", "blocked=frozenset()", test_a_maximum_may_be_a_shift),
    ],
)  # fmt: skip
def test_faults_are_noticed(module: Any, right: str, wrong: str, test: Callable[[], None]) -> None:
    with planted(module, right, wrong), pytest.raises(AssertionError):
        test()
