"""Are claims judged on the set that was meant, where floats lie beside it, and at the ends of an interval?"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from faults import planted

import symdiff as sd
from symdiff.checking import belonging, domains
from symdiff.checking.belonging import nearest, own_point, settled
from symdiff.checking.domains import check_domain, holds
from symdiff.checking.questions import ask, leaf_values
from symdiff.checking.sampling import exactly
from symdiff.errors import InputError

Case = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]
RNG = np.random.default_rng(3)
LOGITS = np.array([0.1, 0.4, -0.3, 1.5])


def softmax(z: Any) -> Any:
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(z: Any, y: Any) -> Any:
    return -np.sum(y * np.log(softmax(z)))


def p_minus_y(z: Any, y: Any) -> Any:
    return softmax(z) - y


def called_p_minus_y(z: Any, y: Any) -> Any:
    p = [float(v) for v in softmax(np.asarray(z))]
    return np.array([a - float(b) for a, b in zip(p, y, strict=True)])


def quadratic(x: Any, A: Any) -> Any:
    return 0.5 * x @ A @ x


def half_rule(x: Any, A: Any) -> Any:
    return A @ x


def called_half_rule(x: Any, A: Any) -> Any:
    return np.array([sum(float(a) * float(v) for a, v in zip(row, x, strict=True)) for row in A])


# Examples beside their set ------------------------------------------------------------------------------------

THIRD = np.full(3, 1 / 3, np.float32)
ROWS = [
    np.array([0.1, 0.2, 0.3, 0.4]),
    np.array([0.7, 0.2, 0.1]),
    THIRD,
    THIRD.astype(float),
    np.array([[0.1, 0.3, 0.6], [0.7, 0.1, 0.2]]),
    softmax(3 * LOGITS),
    softmax(np.array([0.0, -60.0, 1.0])),
    softmax(RNG.normal(size=(4, 5))),
    softmax(RNG.normal(size=300)).astype(np.float32),
    np.array([0.0, 0.3, 0.7]),
    np.array([1 + 2**-52, -(2.0**-53)]),
]
BASIS = np.array([[0.1, 0.3], [0.7, 0.9]])
PRECISION = np.linalg.inv(np.array([[2.0, 0.3, 0.1], [0.3, 1.7, 0.2], [0.1, 0.2, 1.1]]))
TURN = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
MATRICES = [
    BASIS @ np.diag([0.1, 0.7]) @ BASIS.T,
    PRECISION,
    TURN @ np.eye(3) @ TURN.T,
    (TURN @ np.diag([1.0, 2.0, 1e6]) @ TURN.T).astype(np.float32),
    np.cov(RNG.normal(size=(3, 9))),
]


@pytest.mark.parametrize("y", ROWS)
def test_rows_that_sum_to_one_in_floats_are_rows_of_a_simplex(y: Any) -> None:
    z = RNG.normal(size=y.shape)
    if y.size < 100:
        assert sd.check(cross_entropy, p_minus_y, (z, y), domain={"y": "simplex"}).status == "proved"
    if y.ndim == 1:
        verdict = sd.check(cross_entropy, called_p_minus_y, (z, y), domain={"y": "simplex"})
        assert verdict.status == "agrees", verdict


@pytest.mark.parametrize("A", MATRICES)
@pytest.mark.parametrize("kind", ["symmetric", "positive_definite"])
def test_matrices_that_are_symmetric_in_floats_are_symmetric(A: Any, kind: str) -> None:
    x = RNG.normal(size=len(A))
    assert sd.check(quadratic, half_rule, (x, A), domain={"A": kind}).status == "proved"
    assert sd.check(quadratic, called_half_rule, (x, A), domain={"A": kind}).status == "agrees"


@pytest.mark.parametrize("dtype", [bool, int, float, np.float32])
def test_one_hot_arrays_of_any_dtype_keep_their_domain(dtype: type[Any]) -> None:
    y = np.array([0, 1, 0, 0], dtype)
    verdict = sd.check(cross_entropy, p_minus_y, (LOGITS, y), domain={"y": "one_hot"})
    assert verdict.status == "proved"

    def masked(z: Any, y: Any) -> Any:
        return -np.sum(np.where(y, np.log(softmax(z)), 0.0))

    if dtype is bool:
        assert sd.check(masked, p_minus_y, (LOGITS, y), domain={"y": "one_hot"}).status == "proved"
        called = sd.check(masked, called_p_minus_y, (LOGITS, y), domain={"y": "one_hot"})
        assert called.status == "agrees"
        assert sd.check(masked, p_minus_y, (LOGITS, y)).status == "refuted"


def test_shape_strings_draw_members() -> None:
    for claim, status in ((p_minus_y, "proved"), (called_p_minus_y, "agrees")):
        assert sd.check(cross_entropy, claim, ("k", "k"), domain={"y": "simplex"}).status == status
    assert sd.check(quadratic, half_rule, ("n", "n n"), domain={"A": "symmetric"}).ok


@pytest.mark.parametrize("kind", ["simplex", "one_hot", "symmetric"])
def test_what_is_wrong_on_a_set_is_still_found(kind: str) -> None:
    y = np.array([[0.1, 0.9], [0.3, 0.7]]) if kind == "simplex" else np.eye(2)[::-1]
    wrong = sd.check(cross_entropy, lambda z, y: softmax(z) * (1 + 1e-9) - y, (y, y), domain={"y": kind})
    assert wrong.status == "refuted"


@pytest.mark.parametrize("dtype", [float, np.float32, bool])
@pytest.mark.parametrize("kind", ["simplex", "one_hot"])
def test_parts_of_a_large_example_are_no_members(kind: str, dtype: type[Any]) -> None:
    z = RNG.normal(size=(40, 30))
    y = (softmax(-z) if kind == "simplex" else np.eye(30)[RNG.integers(0, 30, 40)]).astype(dtype)
    if kind == "one_hot" or dtype is not bool:
        assert sd.check(cross_entropy, p_minus_y, (z, y), domain={"y": kind}).ok
        wrong = sd.check(cross_entropy, lambda z, y: softmax(z) + y, (z, y), domain={"y": kind})
        assert wrong.status == "refuted"


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        ("simplex", np.array([0.1, 0.2, 0.3, 0.4001])),
        ("simplex", np.array([1.1, -0.1])),
        ("simplex", np.array([1, 1])),
        ("symmetric", np.array([[1.0, 2.0], [2.001, 1.0]])),
        ("symmetric", np.array([[10**7, 10**7], [10**7 + 1, 1]])),
        ("positive_definite", np.array([[1.0, 2.0], [2.0, 1.0]])),
        ("one_hot", np.array([0.05, 0.95])),
        ("one_hot", np.array([True, True])),
        ("boolean", np.array([0.999, 0.0])),
        ("integer", np.array([2.0001])),
    ],
)
def test_examples_beyond_rounding_are_refused(kind: str, example: Any) -> None:
    with pytest.raises(InputError, match=f"domain={{'x': '{kind}'}}"):
        check_domain({"x": kind}, {"x": example})


def settled_example(example: Any, kind: str) -> Any:
    question = ask(lambda x: np.sum(x**2), lambda x: 2 * x, {"x": example}, 0, "gradient")
    return leaf_values(settled(question, {"x": kind}))[0]


def exact_point(example: Any, rule: Any) -> Any:
    question = ask(lambda x: np.sum(x**2), lambda x: 2 * x, {"x": example}, 0, "gradient")
    point = own_point(question, {"x": rule})
    return None if point is None else next(iter(point.values()))


def test_examples_are_moved_no_further_than_rounding() -> None:
    for row in ROWS:
        moved = settled_example(row, "simplex")
        assert (moved.dtype, moved.shape) == (row.dtype, row.shape)
        assert np.max(np.abs(moved - row)) <= 4e-7
        if row.min() > 1e-6 or not row.all():
            sums = np.vectorize(exactly, otypes=[object])(moved).sum(axis=-1)
            assert np.all(sums == 1)
        assert np.all(exact_point(row, "simplex").sum(axis=-1) == 1)
        assert np.all(exact_point(row, "simplex") >= 0)
        assert np.array_equal(row > 0, exact_point(row, "simplex") > 0)
    for matrix in MATRICES:
        moved = settled_example(matrix, "symmetric")
        assert np.array_equal(moved, moved.T)
        assert np.allclose(moved, matrix, rtol=1e-12 if matrix.dtype == float else 1e-5, atol=1e-13)
    kept = np.array([[1.0, 0.1], [0.1, 3.0]])
    assert np.array_equal(settled_example(kept, "symmetric"), kept)
    assert np.array_equal(settled_example(np.array([1 - 1e-16, 1e-16]), "one_hot"), [1.0, 0.0])


def test_what_is_no_member_is_no_point() -> None:
    assert exact_point(np.array([0.5, 0.2]), "simplex") is None
    assert exact_point(np.array([0.0, 0.0]), "one_hot") is None
    assert exact_point(np.array([0.5, 2.0]), (0, 1)) is None
    assert exact_point(np.array([np.float32(0.1)]), (0.01, 0.1)).tolist() == [Fraction(1, 10)]
    assert nearest((0, 1), np.array([Fraction(1, 3)], object)).tolist() == [Fraction(1, 3)]
    assert nearest("simplex", np.empty((0, 3), object)).shape == (0, 3)
    assert holds("simplex", np.ones((0, 3)))


# Finite ends belong to an interval -----------------------------------------------------------------------------


def total(x: Any) -> Any:
    return np.sum(x**3)


def slope(x: Any) -> Any:
    return 3 * x**2


HALVES = np.array([0.5, 0.25])
WRONG_AT_ENDS = [
    ((0, 1), lambda x: np.where(x >= 1, 5.0, slope(x))),
    ((0, 1), lambda x: np.where(x <= 0, 5.0, slope(x))),
    ((0, 1), lambda x: np.where(x > 0, slope(x), 1.0)),
    ((0, None), lambda x: np.where(x > 0, slope(x), 1.0)),
    ((None, 1), lambda x: np.where(x < 1, slope(x), 1.0)),
    ((0, 1), lambda x: slope(x) + np.prod(1 - np.sign(x))),
]
RIGHT_TO_THE_ENDS: list[tuple[Any, Any, Any]] = [
    (lambda p: np.sum(np.log(p)), lambda p: 1 / p, (0, 1)),
    (lambda p: np.sum(np.log(p)), lambda p: 1 / p, (0, None)),
    (lambda p: -np.sum(np.log(1 - p)), lambda p: 1 / (1 - p), (0, 1)),
    (lambda p: np.sum(p * np.log(p)), lambda p: np.log(p) + 1, (0, 1)),
    (lambda p: np.sum(np.arcsin(p)), lambda p: 1 / np.sqrt(1 - p**2), (-1, 1)),
    (lambda p: np.sum(np.sqrt(p)), lambda p: 0.5 / np.sqrt(p), (0, None)),
    (lambda p: np.sum(np.abs(p)), lambda p: np.ones(p.shape), (0, None)),
    (lambda p: np.sum(np.clip(p, 0, 1)), lambda p: np.ones(p.shape), (0, 1)),
    (lambda p: np.prod(p), lambda p: np.prod(p) / p, (0, None)),
    (total, lambda x: 3 * x**3 / x, (0, None)),
    (total, lambda x: slope(x) + 0 * np.where(x <= 0.9, x, 7.0), (0.1, 0.9)),
]


UNTAKEN = [RIGHT_TO_THE_ENDS[6][0]]  # one side of a branch lies outside the domain


@pytest.mark.parametrize(("interval", "claim"), WRONG_AT_ENDS)
def test_claims_that_are_wrong_at_an_end_are_refuted(interval: Any, claim: Any) -> None:
    verdict = sd.check(total, claim, (HALVES,), domain={"x": interval})
    assert verdict.status == "refuted"

    def called(x: Any) -> Any:
        return np.array([float(v) for v in np.ravel(claim(np.array([float(v) for v in x])))])

    assert sd.check(total, called, (HALVES,), domain={"x": interval}).status == "refuted"


@pytest.mark.parametrize(("fn", "claim", "interval"), RIGHT_TO_THE_ENDS)
def test_right_claims_stay_right_where_ends_belong(fn: Any, claim: Any, interval: Any) -> None:
    name = "x" if fn is total else "p"
    assert sd.check(fn, claim, (HALVES,), domain={name: interval}).ok
    called = sd.check(fn, lambda p: np.array([float(v) for v in claim(np.array(list(map(float, p))))]), (HALVES,),
                      domain={name: interval})  # fmt: skip
    assert called.status != "refuted" and (called.ok or fn in UNTAKEN), called


def test_examples_at_an_end_are_looked_at() -> None:
    for end in (0.0, 1.0):
        wrong = sd.check(
            total,
            lambda x, end=end: np.where(x == end, 7.0, slope(x)),
            (np.array([end]),),
            domain={"x": (0, 1)},
        )
        assert wrong.status == "refuted"
    with pytest.raises(InputError):
        sd.check(total, slope, (np.array([1.0 + 1e-15]),), domain={"x": (0, 1)})


@pytest.mark.parametrize(
    ("module", "right", "wrong", "test"),
    [
        (belonging, "moved.sum(axis=-1, keepdims=True), axis=-1)", "value.sum(axis=-1, keepdims=True), axis=-1)",
         test_examples_are_moved_no_further_than_rounding),
        (belonging, "return as_objects(positive / positive.sum(axis=-1, keepdims=True))", "return positive",
         test_examples_are_moved_no_further_than_rounding),
        (belonging, "not holds(rule, np.asarray(examples[node]))", "False", test_what_is_no_member_is_no_point),
        (domains, "meant = literals.read(end)", "meant = literals.sp.Rational(Fraction(end))",
         test_what_is_no_member_is_no_point),
    ],
)  # fmt: skip
def test_faulty_sets_are_noticed(module: Any, right: str, wrong: str, test: Any) -> None:
    with planted(module, right, wrong), pytest.raises((AssertionError, AttributeError)):
        test()
