"""Is a value at a place what its form says there? Axes written out, in balls; what is not zero is not nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from test_normal_form import balls

import symdiff as sd
from symdiff.calculus import vjp
from symdiff.evaluation.arithmetics import BALLS, working_precision
from symdiff.ir.graph import Graph
from symdiff.proof.every_shape.building import Builder
from symdiff.proof.every_shape.evaluating import Evaluator
from symdiff.proof.every_shape.generators import Generators
from symdiff.proof.every_shape.proving import prove
from symdiff.proof.every_shape.terms import constant, plus
from symdiff.proof.every_shape.unrolling import Unroller, is_nothing

LENGTHS = frozenset({2, 3, 4})


def shifts(x: Any) -> Any:
    out = np.zeros_like(x)
    out[:, 1:] += np.tanh(x[:, :-1])
    out[:, ::2] -= x[:, ::2] ** 2
    return out


FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "windows": (lambda x, w: sliding_window_view(x, 2, axis=-1) @ w, ("n 4", "2")),
    "strides": (lambda x: np.exp(sliding_window_view(x, 2, axis=-1)[:, ::2].sum(-1)), ("n 4")),
    "padded": (lambda x: np.pad(x, ((0, 0), (1, 0)))[:, ::-1] / (1 + x.shape[0]), ("n 3",)),
    "roots": (lambda x: np.sqrt(1 + np.pad(x, ((0, 0), (1, 0)))[:, :3] ** 2), ("n 3",)),
    "branches": (lambda x: np.maximum(x[:, 1:] - x[:, :-1], 0).sum(0), ("n 4",)),
    "shifts": (shifts, ("n 3",)),
    "tables": (lambda x: x @ np.array([[1.0, 0.5], [0.25, 2.0], [0.0, 1.0]]), ("n 3",)),
    "triangle": (lambda x: np.tril(x)[:, 1:] * x[:, :-1], ("3 3",)),
    "picked": (lambda x: x[:, [2, 0, 2]].sum(0) * x[:, 1:].prod(), ("2 3",)),
    "one hot": (lambda x: np.eye(3)[[2, 0]] @ x.T + x[:, :1].T, ("n 3",)),
}


def at_every_place(graph: Graph, sizes: dict[Any, int]) -> None:
    """Each entry of the form, written out along short axes, overlaps the form's own value."""
    space = Generators(20.0, 200_000)
    builder = Builder(graph.store, space, graph.outputs, {})
    builder.build(graph.outputs)
    rng = np.random.default_rng(3)
    names = [graph.store.op(n).name for n in graph.inputs]  # type: ignore[union-attr]
    shapes = [tuple(sizes.get(str(n), n) for n in graph.shape(node)) for node in graph.inputs]
    arrays: dict[object, Any] = {
        name: balls(rng.integers(-9, 10, shape)) for name, shape in zip(names, shapes, strict=True)
    }
    symbols = {s: sizes[str(s)] for node in graph.inputs for s in graph.shape(node) if not isinstance(s, int)}
    with working_precision(200):
        evaluator = Evaluator(space, symbols, arrays, BALLS)
        unroller = Unroller(space, LENGTHS)
        for y in graph.outputs:
            dims = builder.axes.of(graph.shape(y))
            short = {k: int(n) for k, n in enumerate(dims) if isinstance(n, int)}
            for place in product(*(range(evaluator.length(n)) for n in dims)):
                known = {k: place[k] for k in short}
                written = unroller.at(builder.forms[y], known)
                rest = {k: p for k, p in enumerate(place) if k not in short}
                one = evaluator.value(written, rest)
                other = evaluator.value(builder.forms[y], dict(enumerate(place)))
                assert one.overlaps(other)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("derived", [False, True])
def test_values_at_every_place(name: str, derived: bool) -> None:
    function, shapes = FUNCTIONS[name]
    graph = sd.trace(function, *([shapes] if isinstance(shapes, str) else shapes))
    at_every_place(vjp(graph, list(graph.input_names)) if derived else graph, {"n": 2})


def difference(one: Callable[..., Any], other: Callable[..., Any], shape: str) -> tuple[Generators, Any]:
    space = Generators(20.0, 200_000)
    graph = sd.trace(lambda x: (one(x), other(x)), shape)
    builder = Builder(graph.store, space, graph.outputs, {})
    builder.build(graph.outputs)
    left, right = (builder.forms[y] for y in graph.outputs)
    return space, plus(left, right, -1)


def test_what_differs_at_one_place_is_not_nothing() -> None:
    def turned(x: Any) -> Any:
        return np.concatenate([x[:, 2:], x[:, 1:2], x[:, :1]], axis=1)

    def almost(x: Any) -> Any:
        return np.concatenate([x[:, 2:], x[:, 1:2], x[:, 1:2]], axis=1)

    assert is_nothing(*difference(lambda x: x[:, ::-1], turned, "n 3"))
    assert not is_nothing(*difference(lambda x: x[:, ::-1], almost, "n 3"))


def test_a_number_is_no_nothing() -> None:
    space = Generators(1.0, 1000)
    assert not is_nothing(space, constant(1))


# Moves in a row -------------------------------------------------------------------------------------------


def overwritten(x: Any) -> Any:
    out = x * 1
    out[:, :1] = x[:, -1:] * 2
    return out


def added_up(x: Any) -> Any:
    out = np.zeros_like(x)
    np.add.at(out, (slice(None), [1, 0, 1]), x[:, :3])
    return out


PIECES: list[Callable[[Any], Any]] = [
    lambda x: sliding_window_view(x, 2, axis=-1).sum(-1),
    lambda x: sliding_window_view(x, 2, axis=-1).max(-1),
    lambda x: np.pad(x, ((0, 0), (1, 0))),
    lambda x: np.pad(x, ((0, 0), (0, 1))),
    lambda x: x[:, 1:],
    lambda x: x[:, ::2],
    lambda x: x[:, ::-1],
    lambda x: np.roll(x, 1, axis=-1),
    lambda x: x[:, [0, 2, 1]],
    lambda x: np.cumsum(x, axis=-1),
    lambda x: np.maximum(x, 0),
    np.tanh,
    overwritten,
    added_up,
]


def chain(pieces: list[int]) -> Callable[[Any], Any]:
    def composed(x: Any) -> Any:
        for k in pieces:
            x = PIECES[k](x)
        return x

    return composed


def test_what_is_proved_of_two_chains_of_moves_is_true_in_floats() -> None:
    random = Random(5)
    points = [np.random.default_rng(k).normal(size=(2, 5)) for k in range(3)]
    proofs = 0
    for _ in range(150):
        one = random.choices(range(len(PIECES)), k=3)
        other = random.sample(one, 3) if random.random() < 0.5 else [*one[:2], random.randrange(len(PIECES))]
        f, g = chain(one), chain(other)
        try:
            if f(points[0]).shape != g(points[0]).shape:
                continue
        except (ValueError, IndexError):
            continue  # too short for this piece
        graph = sd.trace(lambda x, f=f, g=g: (f(x), g(x)), "n 5")
        (proof,) = prove(graph.store, graph.outputs[:1], graph.outputs[1:], seconds=2)
        proofs += proof.proved
        assert not proof.proved or all(np.allclose(f(x), g(x), atol=1e-12) for x in points), (one, other)
    assert proofs > 20
