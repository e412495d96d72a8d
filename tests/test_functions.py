"""Do functions of functions give what one derives by hand, with the nesting and dtype that users expect?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import sympy as sp

import symdiff as sd
from symdiff import calculus
from symdiff.errors import DtypeError, InputError, ShapeError

X = np.array([1.0, -2.0, 0.5])
Y = np.array([2.0, 4.0, -1.0])
A = np.array([[1.0, 2.0], [-3.0, 0.5]])
V = np.array([0.5, -2.0])


def same(found: Any, wanted: Any) -> bool:
    """Equal in nesting, shape, dtype and every entry; all numbers here are short binary fractions."""
    if isinstance(wanted, (tuple, list)):
        return type(found) is type(wanted) and len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and list(found) == list(wanted)
            and all(same(found[k], wanted[k]) for k in wanted)
        )
    left, right = np.asarray(found), np.asarray(wanted)
    return (left.dtype, left.shape) == (right.dtype, right.shape) and bool(np.all(left == right))


def quadratic(x: Any, A: Any) -> Any:
    return x @ A @ x


def cubes(x: Any, y: Any = 1.0) -> Any:
    return np.sum(y * x**3)


def test_same_tells_apart() -> None:
    assert same((X, {"a": A}), (X.copy(), {"a": A.copy()}))
    for wrong in (
        (X,),
        [X, {"a": A}],
        (X, {"b": A}),
        (X, {"a": A.T}),
        (X.astype(np.float32), {"a": A}),
        (X[:2], {"a": A}),
    ):
        assert not same(wrong, (X, {"a": A}))


# grad and value_and_grad ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrt", "wanted"),
    [
        (0, A @ V + A.T @ V),
        ("x", A @ V + A.T @ V),
        (1, np.outer(V, V)),
        (-1, np.outer(V, V)),
        ("A", np.outer(V, V)),
        (("A", "x"), (np.outer(V, V), A @ V + A.T @ V)),
        ([0], (A @ V + A.T @ V,)),
        ((0, "A"), (A @ V + A.T @ V, np.outer(V, V))),
    ],
)
def test_grad_by_names_and_positions(wrt: Any, wanted: Any) -> None:
    assert same(sd.grad(quadratic, wrt=wrt)(V, A), wanted)
    assert same(sd.grad(quadratic, wrt=wrt)(V, A=A), wanted)
    value = np.float64(V @ A @ V)
    assert same(sd.value_and_grad(quadratic, wrt=wrt)(V, A), (value, wanted))


def test_defaults_and_keywords() -> None:
    assert same(sd.grad(cubes)(X), 3 * X**2)
    assert same(sd.grad(cubes)(X, y=2.0), 6 * X**2)
    assert same(sd.grad(cubes)(x=X, y=Y), 3 * Y * X**2)
    assert same(sd.grad(cubes, wrt="y")(X, y=Y), X**3)

    def keyword_only(x: Any, *, scale: Any) -> Any:
        return scale * np.sum(x**2)

    assert same(sd.grad(keyword_only, wrt=("x", "scale"))(X, scale=0.5), (X, np.float64(5.25)))


def test_nested_arguments_keep_their_nesting() -> None:
    class Layer(NamedTuple):
        W: Any
        b: Any

    def loss(p: Any, x: Any) -> Any:
        return np.sum(p["W"] @ x + p["b"][0] * p["b"][1])

    p = {"W": A, "b": [V, np.array([4.0, 2.0])]}
    ones = np.ones(2)
    wanted = {"W": np.outer(ones, V), "b": [p["b"][1], V]}
    assert same(sd.grad(loss)(p, V), wanted)
    assert same(sd.grad(loss, wrt=("x", "p"))(p, V), (A.T @ ones, wanted))
    assert same(sd.grad(loss, wrt="p.b[1]")(p, V), V)
    layer = sd.grad(lambda q: np.sum(q.W @ q.b))(Layer(A, V))
    assert isinstance(layer, Layer)
    assert same((layer.W, layer.b), (np.outer(ones, V), A.T @ ones))


def test_several_positional_arguments() -> None:
    def total(*xs: Any) -> Any:
        return np.sum(xs[0] * xs[1])

    assert same(sd.grad(total)(X, Y), (Y, X))


def test_named_intermediates() -> None:
    def f(x: Any) -> Any:
        z = sd.name(x * x, "z")
        return np.sum(z**2)

    assert same(sd.grad(f, wrt="z")(X), 2 * X**2)
    assert same(sd.grad(f, wrt=("x", "z"))(X), (4 * X**3, 2 * X**2))


def test_dtypes() -> None:
    single = X.astype(np.float32)
    assert same(sd.grad(cubes)(single), 3 * single**2)
    assert same(sd.grad(cubes)(np.array([1, 2, 3])), np.array([3.0, 12.0, 27.0]))
    assert same(sd.grad(np.square)(3), np.float64(6))
    assert same(sd.grad(lambda x, k: np.sum(x[k]))(X, np.array([0, 0, 2])), np.array([2.0, 0.0, 1.0]))
    with pytest.raises(DtypeError):
        sd.grad(cubes)(X * 1j)
    with pytest.raises(DtypeError):
        sd.grad(cubes)(np.array(["a"], dtype=object))


def test_arrays_without_entries() -> None:
    empty = np.zeros(0)
    assert same(sd.value_and_grad(cubes)(empty), (np.float64(0), empty))
    assert same(sd.jacobian(lambda x: x**2)(empty), np.zeros((0, 0)))
    assert same(sd.hessian(cubes)(empty), np.zeros((0, 0)))
    assert same(sd.hvp(cubes)(empty, empty), empty)
    assert same(sd.grad(lambda X: np.sum(X @ X.T))(np.zeros((2, 0))), np.zeros((2, 0)))


def test_inputs_are_left_alone() -> None:
    x = X.copy()
    sd.grad(cubes)(x)[...] = 7
    assert same(x, X)


def test_the_function_keeps_its_name_and_signature() -> None:
    gradient = sd.grad(cubes)
    assert gradient.__name__ == "grad_of_cubes"
    assert gradient.__wrapped__ is cubes


def test_derivatives_of_derivatives() -> None:
    def f(x: Any) -> Any:
        return x**4

    first = sd.grad(f)
    second = sd.grad(lambda x: first(x))
    assert same(second(3.0), np.float64(108))
    assert same(sd.grad(sd.grad(sd.grad(f)))(3.0), np.float64(72))
    assert same(sd.jacobian(sd.grad(cubes))(X), np.diag(6 * X))


# Matrices of derivatives ------------------------------------------------------------------------------------


def test_jacobian() -> None:
    def f(x: Any, A: Any) -> Any:
        return A @ x * x[0]

    by_x = A * V[0] + np.outer(A @ V, [1.0, 0.0])
    by_A = np.einsum("ik,j->ikj", np.eye(2), V) * V[0]
    assert same(sd.jacobian(f)(V, A), by_x)
    assert same(sd.jacobian(f, wrt=("A", "x"))(V, A), (by_A, by_x))
    assert same(sd.jacobian(np.sum)(A), np.ones((2, 2)))
    assert same(sd.jacobian(lambda x: np.stack([x, x**2]))(3.0), np.array([1.0, 6.0]))


def test_hessian_blocks() -> None:
    assert same(sd.hessian(quadratic)(V, A), A + A.T)
    assert same(sd.hessian(lambda x: x**3)(2.0), np.float64(12))
    eye = np.eye(2)
    mixed = np.einsum("ij,k->ijk", eye, V) + np.einsum("ik,j->ijk", eye, V)
    blocks = sd.hessian(quadratic, wrt=("x", "A"))(V, A)
    assert same(blocks, ((A + A.T, mixed), (mixed.transpose(1, 2, 0), np.zeros((2, 2, 2, 2)))))
    assert same(sd.hessian(quadratic, wrt=("x",))(V, A), ((A + A.T,),))


def test_hvp() -> None:
    direction = np.array([3.0, -1.0])
    assert same(sd.hvp(quadratic)(V, A, direction), (A + A.T) @ direction)
    assert same(sd.hvp(quadratic)(V, A, direction=direction), (A + A.T) @ direction)
    both = sd.hvp(quadratic, wrt=("x", "A"))(V, A, (direction, A))
    wanted_A = np.outer(direction, V) + np.outer(V, direction)
    assert same(both, ((A + A.T) @ direction + (A + A.T) @ V, wanted_A))
    p = {"a": X, "b": Y}
    product = sd.hvp(lambda p: np.sum(p["a"] ** 2 * p["b"]))(p, {"a": Y, "b": X})
    assert same(product, {"a": 2 * Y * Y + 2 * X * X, "b": 2 * X * Y})


def test_vjp_and_jvp() -> None:
    value, pullback = sd.vjp(np.multiply, X, Y)
    assert same(value, X * Y)
    assert same(pullback(np.array([1.0, 0.0, -2.0])), (np.array([2.0, 0.0, 2.0]), np.array([1.0, 0.0, -1.0])))
    assert same(sd.jvp(np.multiply, (X, Y), (Y, X)), (X * Y, Y * Y + X * X))

    def two(x: Any) -> Any:
        return {"square": x**2, "rest": (x[0], 3 * x)}

    value, pullback = sd.vjp(two, X)
    assert same(value, {"square": X**2, "rest": (np.float64(1), 3 * X)})
    (bar,) = pullback({"square": np.ones(3), "rest": (2.0, Y)})
    assert same(bar, 2 * X + np.array([2.0, 0, 0]) + 3 * Y)
    assert same(sd.jvp(two, (X,), (Y,))[1], {"square": 2 * X * Y, "rest": (np.float64(2), 3 * Y)})


# Exact entries ----------------------------------------------------------------------------------------------


def test_exact_entries() -> None:
    x0, x1 = sp.symbols("x[0] x[1]", real=True)
    rosen = lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2  # noqa: E731
    two = np.zeros(2)

    def equal(found: Any, wanted: Any) -> bool:
        return np.shape(found) == np.shape(wanted) and all(
            sp.expand(gap) == 0 for gap in np.ravel(found - np.array(wanted))
        )

    assert equal(sd.exact(rosen, two, of="value"), (1 - x0) ** 2 + 100 * (x1 - x0**2) ** 2)
    gradient = [-2 * (1 - x0) - 400 * x0 * (x1 - x0**2), 200 * (x1 - x0**2)]
    assert equal(sd.exact(rosen, two), gradient)
    assert equal(sd.exact(rosen, two, of="jacobian"), gradient)
    assert equal(
        sd.exact(rosen, two, of="hessian"), [[2 - 400 * x1 + 1200 * x0**2, -400 * x0], [-400 * x0, 200]]
    )
    assert not equal(sd.exact(rosen, two), [gradient[1], gradient[0]])
    x = sp.Symbol("x", real=True)
    assert sd.exact(lambda x: np.tanh(0.1 * x), 1.0) == sp.Rational(1, 10) * (1 - sp.tanh(x / 10) ** 2)
    by_A, by_x = sd.exact(quadratic, np.zeros(1), np.zeros((1, 1)), wrt=("A", "x"))
    assert (str(by_A[0, 0]), str(by_x[0])) == ("x[0]**2", "2*A[0,0]*x[0]")


# Graphs and tensors -----------------------------------------------------------------------------------------


def test_graphs_give_graphs() -> None:
    g = sd.trace(quadratic, V, A)
    for wrt in (0, "x", -2):
        assert same(sd.grad(g, wrt=wrt).compile()(V, A), A @ V + A.T @ V)
    assert same(sd.value_and_grad(g).compile()(V, A), (np.float64(V @ A @ V), A @ V + A.T @ V))
    assert same(sd.hessian(g).compile()(V, A), A + A.T)
    assert same(sd.jacobian(g, wrt="A").compile()(V, A), np.outer(V, V))
    assert same(sd.hvp(g).compile()(V, A, V), (A + A.T) @ V)


def test_tensors_give_tensors_of_the_same_graph() -> None:
    g = sd.Graph()
    x, W = g.input("x", "d"), g.param("W", "m d")
    loss = np.sum((W @ x) ** 2)
    by_W, by_x = sd.grad(loss, wrt=(W, x))
    assert (by_W.shape, by_x.shape) == (W.shape, x.shape)
    g.output(by_W, by_x)
    found = g.compile()
    assert same(found(V, A), (2 * np.outer(A @ V, V), 2 * A.T @ A @ V))


# What is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: sd.grad(cubes, wrt=2)(X),
            InputError,
            "wrt=2\n  parameters=x\n  Use a name or a smaller position.",
        ),
        (
            lambda: sd.grad(cubes, wrt=1.5)(X),
            InputError,
            "wrt=1.5\n  parameters=x\n  Use a name, a position or a tuple of them.",
        ),
        (
            lambda: sd.grad(cubes, wrt=())(X),
            InputError,
            "wrt=()\n  parameters=x\n  Name at least one argument.",
        ),
        (
            lambda: sd.grad(cubes)(),
            InputError,
            "grad(cubes)\n  problem=missing a required argument: 'x'\n  Give the function's arguments.",
        ),
        (
            lambda: sd.grad(lambda x: x)(X),
            ShapeError,
            "gradient\n  output=(3,)\n  Return one scalar, or ask for a jacobian or a vjp.",
        ),
        (
            lambda: sd.exact(cubes, X, of="vjp"),
            InputError,
            "exact(of='vjp')\n  known=value, gradient, jacobian, hessian\n  Use one of these.",
        ),
    ],
)
def test_errors(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text


@pytest.mark.parametrize("wrong", [np.ones(2), np.ones((3, 1)), 1.0])
def test_cotangents_and_directions_of_another_shape_are_refused(wrong: Any) -> None:
    with pytest.raises(ShapeError):
        sd.vjp(np.square, X)[1](wrong)
    with pytest.raises(ShapeError):
        sd.jvp(np.square, (X,), (wrong,))
    with pytest.raises(ShapeError):
        sd.hvp(cubes)(X, wrong)


# Would these tests notice? ----------------------------------------------------------------------------------


def test_a_wrong_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = calculus.gradient
    monkeypatch.setattr(
        calculus, "gradient", lambda graph, leaves, **more: right(graph, leaves[::-1], **more)
    )
    with pytest.raises(AssertionError):
        test_grad_by_names_and_positions(("A", "x"), (np.outer(V, V), A @ V + A.T @ V))


def test_wrt_may_name_a_part_of_a_nested_argument() -> None:
    def loss(p: Any, x: Any) -> Any:
        return np.sum(p["layers"][0]["W"] @ x) + np.sum(p["layers"][1]["b"] ** 2) + p["scale"] ** 2

    layers = [{"W": np.ones((2, 3)), "b": np.ones(2)}, {"W": np.ones((1, 1)), "b": np.array([1.0, 2.0])}]
    p = {"layers": layers, "scale": 3.0}
    found = sd.grad(loss, wrt="p.layers[1]")(p, np.ones(3))
    assert found["b"].tolist() == [2.0, 4.0]
    assert found["W"].tolist() == [[0.0]]
    assert sd.grad(loss, wrt="p.scale")(p, np.ones(3)) == 6.0
    verdict = sd.check(loss, lambda p, x: [{"W": np.outer(np.ones(2), x), "b": np.zeros(2)},
                                           {"W": np.zeros((1, 1)), "b": 2 * p["layers"][1]["b"]}],
                       (p, np.ones(3)), wrt="p.layers")  # fmt: skip
    assert verdict.status == "proved"
