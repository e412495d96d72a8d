"""Do comparisons know each other's order? Clips, bands and boxes, whose bounds are letters of known sign."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.terms import Expr, constant, plus, single, times_number

BOUND = {"delta": (0, None)}


def huber(e: Any, delta: Any) -> Any:
    return np.where(np.abs(e) <= delta, e**2 / 2, delta * (np.abs(e) - delta / 2)).sum()


def insensitive(e: Any, delta: Any) -> Any:
    return np.maximum(np.abs(e) - delta, 0).sum()


def smooth(e: Any, delta: Any) -> Any:
    a = np.abs(e)
    return np.where(a < delta, e**2 / (2 * delta), a - delta / 2).mean()


CLAIMS: list[tuple[Callable[..., Any], Callable[..., Any], bool]] = [
    (huber, lambda e, delta: np.clip(e, -delta, delta), True),
    (huber, lambda e, delta: np.sign(e) * np.minimum(np.abs(e), delta), True),
    (huber, lambda e, delta: np.clip(e, -delta / 2, delta), False),
    (huber, lambda e, delta: np.clip(e, 0, delta), False),
    (insensitive, lambda e, delta: np.sign(e) * (np.abs(e) > delta), True),
    (insensitive, lambda e, delta: 1.0 * (e > delta) - (e < -delta), True),
    (insensitive, lambda e, delta: 1.0 * (e > delta) - (e < delta), False),
    (smooth, lambda e, delta: np.clip(e / delta, -1, 1) / e.shape[0], True),
    (smooth, lambda e, delta: np.clip(e / delta, -1, 1), False),
]


@pytest.mark.parametrize("case", range(len(CLAIMS)))
def test_bounds_that_are_letters(case: int) -> None:
    f, claim, right = CLAIMS[case]
    verdict = sd.check(f, claim, {"e": "n", "delta": ""}, domain=BOUND)
    assert (verdict.status, verdict.scope == "every shape") == (
        ("proved", True) if right else ("refuted", False)
    )


def test_without_the_sign_of_a_bound_nothing_is_claimed() -> None:
    claim: Callable[..., Any] = lambda e, delta: np.clip(e, -delta, delta)  # noqa: E731
    assert sd.check(huber, claim, {"e": "n", "delta": ""}).status == "refuted"


# The relations, at numbers ------------------------------------------------------------------------------


def value(space: Generators, expr: Expr, numbers: dict[int, Fraction]) -> Fraction:
    """An expression in inputs without labels, and in signs of such."""
    total = Fraction(0)
    for key, coefficient in expr.items():
        for (number, _), exponent in key:
            head = space.heads[number]
            inside = numbers[number] if head.kind == "input" else value(space, head.parts[0], numbers)
            if head.kind == "positive":
                inside = Fraction(inside > 0)
            elif head.kind == "zero":
                inside = Fraction(inside == 0)
            coefficient *= inside ** int(exponent)
        total += coefficient
    return total


def test_products_of_signs_have_the_value_of_their_factors() -> None:
    space = Generators(20.0, 400_000)
    e = space.intern("input", "e", degree=1)
    p = space.intern("input", "p", positive=True, degree=1)
    forms = [
        plus(times_number(single((e, ())), a), plus(times_number(single((p, ())), b), constant(c)))
        for a, b, c in product((-2, -1, 1, 3), (-1, 0, 2), (-1, 0, 1))
    ]
    points = [{e: Fraction(k, 2), p: Fraction(m, 2)} for k in range(-7, 8) for m in (1, 2, 3)]
    for one, other in product(forms, forms[::3]):
        for left in (space.is_above(one), space.is_zero(one)):
            right = space.is_above(other)
            found = space.times(left, right)
            for numbers in points:
                expected = value(space, left, numbers) * value(space, right, numbers)
                assert value(space, found, numbers) == expected


def box(a: Any, b: Any) -> Any:
    """Intersection over union of boxes with corners (x, y) and (x', y')."""
    w = np.maximum(np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0]), 0)
    h = np.maximum(np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1]), 0)
    areas = [(c[:, 2] - c[:, 0]) * (c[:, 3] - c[:, 1]) for c in (a, b)]
    return (w * h / (areas[0] + areas[1] - w * h)).sum()


def box_back(a: Any, b: Any) -> Any:
    W = np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0])
    H = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
    w, h = np.maximum(W, 0), np.maximum(H, 0)
    areas = [(c[:, 2] - c[:, 0]) * (c[:, 3] - c[:, 1]) for c in (a, b)]
    union = areas[0] + areas[1] - w * h
    of_both, of_area = (union + w * h) / union**2, -w * h / union**2
    dw, dh = of_both * h * (W > 0), of_both * w * (H > 0)
    out = np.zeros_like(a)
    out[:, 0] = -dw * (a[:, 0] > b[:, 0]) - of_area * (a[:, 3] - a[:, 1])
    out[:, 1] = -dh * (a[:, 1] > b[:, 1]) - of_area * (a[:, 2] - a[:, 0])
    out[:, 2] = dw * (a[:, 2] < b[:, 2]) + of_area * (a[:, 3] - a[:, 1])
    out[:, 3] = dh * (a[:, 3] < b[:, 3]) + of_area * (a[:, 2] - a[:, 0])
    return out


def box_turned(a: Any, b: Any) -> Any:
    return box_back(a, b)[:, [0, 1, 3, 2]]


def test_boxes() -> None:
    shapes = {"a": "n 4", "b": "n 4"}
    assert sd.check(box, box_back, shapes).scope == "every shape"
    assert sd.check(box, box_turned, shapes).status == "refuted"
