"""Are claims for every shape tried at the sizes that their own numbers point to?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from faults import planted

import symdiff as sd
from symdiff.checking import instances
from symdiff.checking.instances import beyond, larger, usual
from symdiff.checking.questions import ask
from symdiff.ir.sizes import symbol

N, D = symbol("n"), symbol("d")


def squares(x: Any) -> Any:
    return np.sum(x**2)


def twice_by_call(x: Any) -> Any:
    return [2 * float(v) for v in x]


def sums(x: Any, b: Any) -> Any:
    return np.sum(np.sin(x + b))


def loop_over_ten(x: Any, b: Any) -> Any:
    return sum(np.cos(x[k] + b) if k < len(x) else 0 * b for k in range(10))


def odd_ones_by_call(x: Any) -> Any:
    return [(1 if len(x) > 9 else 2) * float(v) for v in x]


def below_fifty_by_call(x: Any) -> Any:
    return [(2 if len(x) < 50 else 1) * float(v) for v in x]


WRONG: list[tuple[Callable[..., Any], Callable[..., Any], tuple[str, ...], str]] = [
    (sums, lambda x, b: np.cos(x + b)[:10].sum(0), ("n d", "d"), "b"),
    (sums, lambda x, b: np.cos(x + b)[-12:].sum(0), ("n d", "d"), "b"),
    (sums, lambda x, b: np.cos(x + b)[0:30].sum(0), ("n d", "d"), "b"),
    (sums, loop_over_ten, ("n d", "d"), "b"),
    (squares, lambda x: 2 * x * (np.arange(len(x)) < 17), ("n",), "x"),
    (squares, lambda x: 2 * x if x.shape[0] != 13 else x, ("n",), "x"),
    (squares, lambda x: x if x.shape == (23,) else 2 * x, ("n",), "x"),
    (squares, lambda x: x if x.shape[0] in {13, 29} else 2 * x, ("n",), "x"),
    (squares, lambda x: {13: x}.get(x.shape[0], 2 * x), ("n",), "x"),
    (squares, lambda x: (2 if len(x) < 5 else 1) * x, ("n",), "x"),
    (squares, lambda x: [(2 if len(x) < 5 else 1) * float(v) for v in x], ("n",), "x"),
    (squares, lambda x: [2 * float(v) for v in x[:12]] + [float(v) for v in x[12:]], ("n",), "x"),
    (squares, odd_ones_by_call, ("n",), "x"),
]


@pytest.mark.parametrize(("fn", "claim", "shapes", "wrt"), WRONG)
def test_claims_that_are_right_up_to_a_size_are_refuted(fn: Any, claim: Any, shapes: Any, wrt: str) -> None:
    assert sd.check(fn, claim, shapes, wrt=wrt).status == "refuted"


def test_right_claims_that_hold_numbers_stay_right() -> None:
    for claim, status in (
        (lambda x: np.concatenate([2 * x[:3], 2 * x[3:]]), None),
        (lambda x: 2 * x * (np.arange(len(x)) < len(x)), None),
        (lambda x: 2 * x if len(x) < 5 else x + x, "agrees"),
        (twice_by_call, "agrees"),
        (below_fifty_by_call, "agrees"),  # never seen: its verdict does not say every shape
    ):
        verdict = sd.check(squares, claim, ("n",))
        assert verdict.ok
        assert verdict.status == status or status is None
        assert status is None or verdict.scope != "every shape"


def sizes_beyond(claim: Callable[..., Any]) -> list[int]:
    question = ask(squares, claim, {"x": "n"}, 0, "gradient")
    return [sizes[N] for sizes in beyond(question)]


def test_the_numbers_of_a_claim_are_found() -> None:
    limit = int("10")
    assert sizes_beyond(lambda x: 2 * x) == []
    assert 11 in sizes_beyond(lambda x: np.concatenate([x[:limit], x[limit:]]))
    assert 11 in sizes_beyond(lambda x: 2 * x * (np.arange(len(x)) < limit))
    assert 11 in sizes_beyond(lambda x: np.concatenate([x[:-limit], x[-limit:]]))
    assert 11 in sizes_beyond(lambda x: x + np.sum(np.eye(limit)))
    assert 11 in sizes_beyond(lambda x: x @ np.eye(len(x), len(x), limit))
    assert sizes_beyond(lambda x: [float(v) * (2 if len(x) < 8 else 1) for v in x]) == [8, 9]
    assert sizes_beyond(lambda x: [float(v) * (2 if len(x) < 900 else 1) for v in x]) == []
    assert sizes_beyond(np.cbrt) == []
    many = sizes_beyond(lambda x: [float(v) for v in x] if len(x) in (5, 8, 11, 14, 17, 20) else [])
    assert many == [5, 6, 8, 18, 20, 21]


def test_the_numbers_of_nested_functions_count() -> None:
    def outer(x: Any) -> Any:
        def inner(v: Any) -> float:
            return float(v) * (2 if len(x) < 19 else 1)

        return [inner(v) for v in x]

    assert sizes_beyond(outer) == [19, 20]


def test_one_axis_is_long_at_a_time() -> None:
    question = ask(sums, lambda x, b: np.cos(x + b)[:10].sum(0), {"x": "n d", "b": "d"}, "b", "gradient")
    found = list(beyond(question))
    assert {N: 11, D: 2} in found
    assert {N: 2, D: 11} in found
    assert all(min(sizes.values()) == 2 for sizes in found)


def test_usual_sizes() -> None:
    assert list(usual({"x": "n d"}, small=True)) == [{D: 2, N: 2}, {D: 1, N: 1}]
    found = list(usual({"x": "n d"}, small=False))
    assert found[:2] == [{D: 2, N: 3}, {D: 4, N: 3}]
    assert {D: 7, N: 8} in found
    assert [sizes[N] for sizes in larger({"x": "n"})] == [3, 5, 8, 13]
    assert list(larger({"x": "2 3"})) == []
    assert len(list(larger({"x": "a b", "y": ["b c"]}))) == 3


@pytest.mark.parametrize(
    ("right", "wrong", "test"),
    [
        ("number + 1 for node", "number for node", test_the_numbers_of_a_claim_are_found),
        ("for k in (0, 1)}", "for k in (1,)}", test_the_numbers_of_a_claim_are_found),
        ("yield from written(value)", "yield from ()", test_the_numbers_of_nested_functions_count),
        ("dict.fromkeys(names, 2) | {name: size}", "dict.fromkeys(names, size)", test_one_axis_is_long_at_a_time),
        ("sizes[-_MOST:]", "()", test_the_numbers_of_a_claim_are_found),
    ],
)  # fmt: skip
def test_faulty_sizes_are_noticed(right: str, wrong: str, test: Any) -> None:
    with planted(instances, right, wrong), pytest.raises(AssertionError):
        test()
