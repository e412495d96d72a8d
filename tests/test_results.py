"""What a claim may return, and how functions and claims may be called."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.errors import DtypeError, InputError, TracingError

X, Y = np.array([0.3, -0.7, 1.2]), np.array([1.5, 0.4, -2.0])
Pair = namedtuple("Pair", "a b")
Claim = Callable[..., Any]


def opaque(claim: Claim) -> Claim:
    """The same claim, which cannot be traced."""

    def called(*args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            for leaf in value.values() if isinstance(value, dict) else [value]:
                np.asarray(leaf).tobytes()
        return claim(*args, **kwargs)

    return called


ROADS = [
    pytest.param(lambda claim: claim, "proved", id="traced"),
    pytest.param(opaque, "agrees", id="called"),
]


def loss(p: Any) -> Any:
    return np.sum(p["a"] ** 2 * p["b"])


def by_a(p: Any) -> Any:
    return 2 * p["a"] * p["b"]


def by_b(p: Any) -> Any:
    return p["a"] ** 2


@pytest.mark.parametrize(("road", "right"), ROADS)
@pytest.mark.parametrize("example", [{"a": X, "b": Y}, {"b": Y, "a": X}])
def test_a_dict_is_matched_by_name(road: Claim, right: str, example: Any) -> None:
    good = [
        lambda p: {"a": by_a(p), "b": by_b(p)},
        lambda p: {"b": by_b(p), "a": by_a(p)},
        lambda p: OrderedDict(b=by_b(p), a=by_a(p)),
        lambda p: Pair(b=by_b(p), a=by_a(p)),
        lambda p: {"p": {"b": by_b(p), "a": by_a(p)}},
        lambda p: {"p.b": by_b(p), "p.a": by_a(p)},
    ]
    for claim in good:
        assert sd.check(loss, road(claim), (example,)).status == right
    for claim in (lambda p: {"b": by_a(p), "a": by_b(p)}, lambda p: {"a": by_b(p), "b": by_a(p)}):
        assert sd.check(loss, road(claim), (example,)).status == "refuted"


@pytest.mark.parametrize(("road", "right"), ROADS)
@pytest.mark.parametrize(
    "returned",
    [
        lambda p: {"a": by_a(p)},
        lambda p: {"a": by_a(p), "c": by_b(p)},
        lambda p: {"a": by_a(p), "b": by_b(p), "c": by_b(p)},
        lambda p: {"W": by_a(p), "x": by_b(p)},
        lambda p: {"a": {"a": by_a(p)}, "b": by_b(p)},
        lambda p: (by_a(p), by_b(p), by_b(p)),
        lambda p: [{"a": by_a(p)}, {"b": by_b(p)}],
    ],
)
def test_other_names_are_an_error(road: Claim, right: str, returned: Claim) -> None:
    with pytest.raises(InputError, match=r"(?s)returned=.*expected=.*Return one array"):
        sd.check(loss, road(returned), ({"a": X, "b": Y},))


@pytest.mark.parametrize(("road", "right"), ROADS)
def test_a_mapping_that_is_no_dict(road: Claim, right: str) -> None:
    claim = road(lambda p: MappingProxyType({"b": by_b(p), "a": by_a(p)}))
    assert sd.check(loss, claim, ({"a": X, "b": Y},)).status == "agrees"


@pytest.mark.parametrize(("road", "right"), ROADS)
def test_values_by_name(road: Claim, right: str) -> None:
    two = lambda x: {"a": x**2, "b": np.sin(x)}  # noqa: E731
    for claim in (lambda x: {"b": np.sin(x), "a": x * x}, lambda x: {"a": x * x, "b": np.sin(x)}):
        assert sd.check(two, road(claim), (X,), of="value").status == right
    swapped = road(lambda x: {"b": x * x, "a": np.sin(x)})
    assert sd.check(two, swapped, (X,), of="value").status == "refuted"


@pytest.mark.parametrize(("road", "right"), ROADS)
def test_several_arguments_by_name(road: Claim, right: str) -> None:
    f = lambda x, y: np.sum(x**2 * y)  # noqa: E731
    claim = road(lambda x, y: {"y": x**2, "x": 2 * x * y})
    assert sd.check(f, claim, (X, Y), wrt=("x", "y")).status == right
    assert sd.check(f, claim, (X, Y), wrt=("y", "x")).status == right
    assert sd.check(f, road(lambda x, y: {"x": 2 * x * y}), (X, Y)).status == right


@pytest.mark.parametrize(("road", "right"), ROADS)
def test_second_derivatives_by_name(road: Claim, right: str) -> None:
    f = lambda p: p["a"] ** 2 * p["b"]  # noqa: E731
    mixed = {"b": lambda p: 2 * p["a"], "a": lambda p: 2 * p["b"]}

    def claim(p: Any) -> Any:
        zero = 0 * p["a"]
        return {"b": {"b": zero, "a": mixed["b"](p)}, "a": {"b": mixed["b"](p), "a": mixed["a"](p)}}

    assert sd.check(f, road(claim), ({"a": 0.5, "b": 2.0},), of="hessian").status == right


@pytest.mark.parametrize(("road", "right"), ROADS)
def test_a_list_of_numbers_is_an_array(road: Claim, right: str) -> None:
    square = lambda x: np.sum(x**2)  # noqa: E731
    assert sd.check(square, road(lambda x: [2 * x[0], 2 * x[1], 2 * x[2]]), (X,)).status == right
    assert sd.check(square, road(lambda x: tuple(2 * e for e in x)), (X,)).status == right
    assert (
        sd.check(square, road(lambda x: [[2 * e for e in row] for row in x]), (np.outer(X, Y),)).status
        == right
    )
    assert sd.check(square, road(lambda x: [2 * x[0], 2 * x[1]]), (X,)).mistake.kind == "shape"
    assert sd.check(square, road(lambda x: (2 * x,)), (X,)).status == right


@pytest.mark.parametrize(("road", "right"), ROADS)
@pytest.mark.parametrize("claim", [lambda x: (2 * x, x), lambda x: [2 * x, None], lambda x: {"a": x, "b": x}])
def test_too_much_for_one_target(road: Claim, right: str, claim: Claim) -> None:
    with pytest.raises(InputError, match="expected=one array"):
        sd.check(lambda x: np.sum(x**2), road(claim), (X,))


@pytest.mark.parametrize(("road", "right"), ROADS)
def test_one_array_for_a_list_of_numbers(road: Claim, right: str) -> None:
    f = lambda w: w[0] * w[1] ** 2  # noqa: E731
    assert sd.check(f, lambda w: np.array([w[1] ** 2, 2 * w[0] * w[1]]), ([1.5, 0.5],)).status == "proved"
    with pytest.raises(InputError, match="expected=a list of 2"):
        sd.check(f, lambda w: np.array([w[1], w[0], w[1]]), ([1.5, 0.5],))


@pytest.mark.parametrize(("road", "right"), ROADS)
def test_arguments_by_keyword_only(road: Claim, right: str) -> None:
    def f(*, x: Any, y: Any) -> Any:
        return np.sum(x**2 * y)

    def claim(*, y: Any, x: Any) -> Any:
        return 2 * x * y

    def other(*, y: Any, x: Any) -> Any:
        return 2 * y * y

    examples = {"x": X, "y": Y}
    chosen: Claim = claim if right == "proved" else lambda *, y, x: (np.asarray(x).tobytes(), 2 * x * y)[1]
    assert sd.check(f, chosen, examples).status == right
    assert sd.check(f, other, examples).status == "refuted"
    assert sd.check(f, lambda x, y: 2 * x * y, examples).status == "proved"
    assert sd.check(lambda x, y: np.sum(x**2 * y), claim, (X, Y)).status == "proved"
    with pytest.raises(InputError, match="by name"):
        sd.check(f, claim, (X, Y))
    with pytest.raises(InputError, match="missing=y"):
        sd.check(f, claim, {"x": X})


@pytest.mark.parametrize(("road", "right"), ROADS)
def test_starred_arguments(road: Claim, right: str) -> None:
    f = lambda *xs: np.sum(xs[0] ** 2 * xs[1])  # noqa: E731
    both = road(lambda *xs: (2 * xs[0] * xs[1], xs[0] ** 2))
    assert sd.check(f, both, (X, Y), wrt="xs").status == right
    assert sd.check(f, both, (X, Y), wrt=(0, 1)).status == right
    assert sd.check(f, road(lambda x, y: (2 * x * y, x**2)), (X, Y), wrt="xs").status == right
    assert sd.check(f, road(lambda *xs: 2 * xs[0] * xs[1]), (X, Y)).status == right
    assert sd.check(f, road(lambda *xs: xs[0] ** 2), (X, Y), wrt=1).status == right
    assert sd.check(f, road(lambda *xs: 2 * xs[0] * xs[0]), (X, Y)).status == "refuted"
    assert sd.check(f, road(lambda *xs: 2 * xs[0] * xs[1]), (3, 2)).status == right


def test_a_cotangent_by_keyword() -> None:
    claim = lambda x, *, cotangent: cotangent * np.cos(x)  # noqa: E731
    assert sd.check(np.sin, claim, (X,), of="vjp").status == "proved"


@pytest.mark.parametrize(
    ("fn", "inputs", "message"),
    [
        (lambda x, y: np.sum(x * y), [X, Y], "inputs=(x, y)"),
        (lambda x: np.sum(x**2), [X], "in a tuple"),
        (lambda x: np.sum(x["W"]), (X,), "raised=IndexError"),
        (lambda x: x.absent, (X,), "raised=AttributeError"),
    ],
)
def test_what_the_function_raises_is_told(fn: Claim, inputs: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        sd.check(fn, lambda *args: args[0], inputs)
    assert message in str(caught.value)


def test_what_only_tracing_raises_is_told() -> None:
    with pytest.raises(TracingError, match="problem="):
        sd.check(lambda x: np.sum(x.absent), lambda x: x, ("n",))


def test_complex_values_are_refused() -> None:
    with pytest.raises(DtypeError, match="complex"):
        sd.check(lambda x: x**1.5, lambda x: 1.5 * x**0.5, (-0.5,))
    assert sd.check(lambda x: x**1.5, lambda x: 1.5 * x**0.5, (0.5,)).status == "proved"


def test_a_list_of_arrays_is_one_nested_argument() -> None:
    f = lambda ws: np.sum(ws[0] ** 2 * ws[1])  # noqa: E731
    assert sd.check(f, lambda ws: [2 * ws[0] * ws[1], ws[0] ** 2], [X, Y]).status == "proved"
