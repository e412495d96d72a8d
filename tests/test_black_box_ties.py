"""Are black boxes judged on kinks as they deserve? Any mean of the limits is right, what lies outside is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_black_box import check, kind

X = np.array([-1.0, 0.0, 2.0])
AWAY = np.array([-1.0, 0.5, 2.0])


def relu(x: Any) -> Any:
    return np.sum(np.maximum(x, 0))


def step(at_zero: float) -> Callable[..., Any]:
    """The derivative of relu, with some value at 0."""
    return lambda x: ((x > 0) + at_zero * (x == 0)).astype(x.dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("example", [X, AWAY], ids=["on the kink", "beside it"])
@pytest.mark.parametrize("value", [0.0, 0.25, 0.5, 1.0])
def test_a_mean_of_the_limits_is_right(value: float, example: Any, dtype: Any) -> None:
    verdict = check(relu, step(value), example.astype(dtype))
    assert verdict.status == "agrees", verdict.reason


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("example", [X, AWAY], ids=["on the kink", "beside it"])
@pytest.mark.parametrize("value", [-0.5, 1.5, 7.0])
def test_a_value_outside_of_the_limits_is_an_edge(value: float, example: Any, dtype: Any) -> None:
    verdict = check(relu, step(value), example.astype(dtype))
    assert kind(verdict) == "edge"
    assert verdict.reason == "far from every limit of the derivative"
    found = verdict.witness
    assert found is not None
    assert (found.claimed, found.exact) == (value, 1.0 if value > 1 else 0.0)
    assert 0 in found.inputs["x"].astype(float)


@pytest.mark.parametrize("value", [0.5, 1.0])
def test_a_convention_has_one_value(value: float) -> None:
    verdict = check(relu, step(value), X, convention="torch")
    assert kind(verdict) == "edge"
    assert verdict.reason == "not the value of the convention torch"
    assert check(relu, step(0.0), X, convention="torch").status == "agrees"


def clipped(x: Any) -> Any:
    return np.sum(np.clip(x, -3, 3) ** 2)


def test_points_exactly_on_a_bound_are_looked_at() -> None:
    right = check(clipped, lambda x: 2 * np.clip(x, -3, 3) * (abs(x) <= 3), X)
    assert right.status == "agrees", right.reason
    wrong = check(clipped, lambda x: 2 * np.clip(x, -3, 3) * (abs(x) < 3) + 50 * (x == 3), X)
    assert kind(wrong) == "edge"
    assert wrong.witness is not None
    assert (wrong.witness.claimed, wrong.witness.exact) == (50, 6)


def test_a_smooth_function_written_with_kinks_has_one_derivative() -> None:
    def identity(x: Any) -> Any:
        return np.sum(np.maximum(x, 0) - np.maximum(-x, 0))

    assert check(identity, lambda x: np.ones(3), X).status == "agrees"
    verdict = check(identity, lambda x: 1.0 * (x != 0), X)
    assert kind(verdict) == "edge"
    assert verdict.witness is not None
    assert (verdict.witness.claimed, verdict.witness.exact) == (0, 1)


def test_a_step_where_the_derivative_is_continuous() -> None:
    def hinge(x: Any) -> Any:
        return np.sum(np.maximum(0, 1 - x) ** 2)

    assert check(hinge, lambda x: -2 * np.maximum(0, 1 - x), X).status == "agrees"
    assert kind(check(hinge, lambda x: -2 * np.maximum(0, 1 - x) - (x == 1), X)) == "edge"


def test_ties_of_a_maximum() -> None:
    tied = np.array([1.0, 2.0, 2.0])
    first = check(np.max, lambda x: 1.0 * (np.arange(3) == np.argmax(x)), tied)
    assert first.status == "agrees", first.reason
    shared = check(np.max, lambda x: (x == np.max(x)) / np.sum(x == np.max(x)), tied)
    assert shared.status == "agrees", shared.reason
    assert kind(check(np.max, lambda x: 1.0 * (x == np.max(x)), tied)) == "edge"


def growth(x: Any) -> Any:
    return np.sum(np.where(x == 0, 1.0, np.expm1(x) / np.where(x == 0, 1.0, x)))


def growth_slope(at_zero: float) -> Callable[..., Any]:
    def slope(x: Any) -> Any:
        safe = np.where(abs(x) < 1e-3, 1.0, x)
        near = 0.5 + x / 3 + x**2 / 8 + x**3 / 30 + x**4 / 144
        there = np.where(abs(x) < 1e-3, near, (np.exp(safe) * (safe - 1) + 1) / safe**2)
        return np.where(x == 0, at_zero, there)

    return slope


def test_a_filled_gap_is_judged_by_its_limit() -> None:
    right = check(growth, growth_slope(0.5), X)
    assert right.status == "agrees", right.reason
    assert kind(check(growth, growth_slope(0.0), X)) == "edge"


def norm(x: Any) -> Any:
    return np.sqrt(np.sum(x**2))


def unit(at_zero: float) -> Callable[..., Any]:
    return lambda x: x / np.sqrt(np.sum(x**2)) if np.any(x) else np.full(x.shape, at_zero)


def test_the_norm_at_zero() -> None:
    for value in (0.0, 0.5):
        verdict = check(norm, unit(value), np.zeros(3))
        assert verdict.status == "agrees", verdict.reason
    assert kind(check(norm, unit(1.0), np.zeros(3))) == "edge"


def test_no_number_where_a_square_hides_the_kink() -> None:
    def square(x: Any) -> Any:
        return np.sqrt(np.sum(x**2)) ** 2

    def through_the_norm(x: Any) -> Any:
        n = np.sqrt(np.sum(x**2))
        with np.errstate(invalid="ignore"):
            return 2 * n * (x / n)

    assert kind(check(square, through_the_norm, np.zeros(3))) == "nan"
    assert check(square, lambda x: 2 * x, np.zeros(3)).status == "agrees"


def test_a_claim_that_is_wrong_everywhere_is_not_an_edge() -> None:
    assert kind(check(relu, lambda x: 3.0 * (x > 0) + 7 * (x == 0), X)) != "edge"
