"""Does every displayed equation say what its step computes? Its LaTeX is read back and evaluated."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import ex_1_5_training_mechanics as mechanics
import latex_reader as reader
import numpy as np
import pytest
import sympy as sp
import test_derivation_steps as steps_of_tests
import test_derivations as scalars
import test_jacobian_derivations as jacobians
import test_notation as notations
from displayed import faults, judged
from hypothesis import HealthCheck, given, settings

import symdiff.derivations.deriving as deriving
from symdiff import calculus
from symdiff.derivations.deriving import derive
from symdiff.derivations.steps import Derivation
from symdiff.derivations.writing import elementwise, known, matrices
from symdiff.derivations.writing.indexed import Indexed
from symdiff.derivations.writing.notation import Notation
from symdiff.derivations.writing.symbols import Symbol
from symdiff.doors.tracing import trace
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir import algebra as alg
from symdiff.ir.formulas import ARGUMENTS, formula
from symdiff.ir.graph import Graph, Node, Store
from symdiff.ir.ops import Input, table
from symdiff.library.cases import Case
from symdiff.library.entries import Entry
from symdiff.library.second_order import with_settings
from symdiff.library.shelves import registry
from symdiff.testing import graphs


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derivations without the verdict on them, which other tests ask for."""
    monkeypatch.setattr(deriving, "verified", lambda *args: None)
    monkeypatch.setattr(deriving, "confirm", lambda derivation, *args: derivation)


def told(derivation: Derivation, given: dict[str, Any] | None = None) -> list[str]:
    """What is wrong with the equations of a derivation; inputs are positive where others have no finite values."""
    found = [str(fault) for fault in faults(derivation, given)]
    if any("not finite" in fault for fault in found):
        found = [str(fault) for fault in faults(derivation, given, positive=True)]
    return found


# The library ------------------------------------------------------------------------------------------------

# The derivation of a whole encoder layer takes 15 s; its parts, attention and residual blocks, are here.
LARGE = {"transformer_encoder_layer"}
ENTRIES = registry()


def cases(entry: Entry) -> list[Case]:
    """The first and the last case: others repeat their formulas at other sizes."""
    return [entry.cases[0], entry.cases[-1]] if len(entry.cases) > 1 else list(entry.cases)


def output(fn: Callable[..., Any], k: int) -> Callable[..., Any]:
    """One of several outputs: ``explain`` takes one at a time."""

    @functools.wraps(fn)
    def one(*args: Any, **named: Any) -> Any:
        return fn(*args, **named)[k]

    return one


SHOWN = [
    (entry, case, k)
    for entry in ENTRIES
    if entry.name not in LARGE
    for case in cases(entry)
    for k in range(len(entry.graph(case).outputs))
]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("entry", "case", "k"), SHOWN, ids=[f"{e.name}-{c.label}-{k}" for e, c, k in SHOWN])
def test_equations_of_the_library(entry: Entry, case: Case, k: int) -> None:
    fn = with_settings(entry.fn, case.settings)
    whole = {k: v for k, v in case.inputs.items() if isinstance(v, np.ndarray) and v.dtype.kind in "iub"}
    several = len(entry.graph(case).outputs) > 1
    derivation = derive(output(fn, k) if several else fn, dict(case.inputs), None if several else entry.wrt)
    assert told(derivation, whole) == []


def test_everything_but_the_largest_is_shown() -> None:
    assert {entry.name for entry, _, _ in SHOWN} | LARGE == {entry.name for entry in ENTRIES}


# Derivations of the tests and examples ----------------------------------------------------------------------

DERIVED: dict[str, Callable[[], Derivation]] = {
    "three layers": lambda: derive(scalars.three_layers, scalars.INPUTS),
    "training step": lambda: derive(
        mechanics.one_sample, mechanics.VECTORS, mechanics.PARAMETERS, update="lr"
    ),
    "two paths": lambda: derive(
        jacobians.two_paths, {"x": "d0", "W1": "d1 d0", "W2": "d2 d1"}, "x", of="jacobian"
    ),
    "network": lambda: derive(
        jacobians.network,
        {"x": "n", "W1": "a n", "b1": "a", "W2": "c a", "b2": "c", "W3": "c", "b3": "", "y": ""},
        "x",
        of="jacobian",
    ),
    "half powers": lambda: derive(steps_of_tests.logarithms, {"x": "n"}),
    "windows": lambda: derive(notations.convolution, {"x": "n", "w": "3"}),
}


@pytest.mark.parametrize("name", DERIVED)
def test_equations_of_derivations(name: str) -> None:
    assert told(DERIVED[name]()) == []


# Graphs that nobody wrote -----------------------------------------------------------------------------------


def wrong(graph: Graph) -> list[str]:
    """What is wrong with the formulas of a graph and of its derivatives, in terms of its inputs."""
    store, out = graph.store, graph.outputs[0]
    bar = store.add(Input("y_bar", store.shape(out)))
    nodes = [out, *calculus.pull_back(store, {out: bar}, list(graph.inputs))]
    inputs = (*graph.inputs, bar)
    names = {n: Symbol(store.op(n).name) for n in inputs}  # type: ignore[union-attr]
    rng = np.random.default_rng(0)
    values = [rng.normal(size=tuple(map(int, store.shape(n)))) for n in inputs]
    with np.errstate(all="ignore"):
        found = compile_kernel(Graph(store, inputs, tuple(nodes))).flat(values)
    return [
        f"{style}: {told}"
        for style in ("matrix", "index")
        for node, value in zip(nodes, found, strict=True)
        if np.isfinite(value).all() and (told := _of_node(store, names, node, values, value, style))
    ]


def _of_node(
    store: Store, names: dict[Node, Symbol], node: Node, values: list[Any], value: Any, style: Any
) -> str:
    left = Symbol("r")
    equation = Notation(store, names, style).equation(left, [node])
    pairs = zip([*names.values(), left], [*values, value], strict=True)
    reason = judged(equation, [reader.quantity(s.code, s.at, x) for s, x in pairs], value)
    return f"{equation} ({reason})" if reason else ""


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(family="kinked", most_steps=5))
def test_equations_of_random_graphs(graph: Graph) -> None:
    assert wrong(graph) == []


def traced(fn: Callable[..., Any], *shapes: tuple[int, ...]) -> Graph:
    """A graph of ``fn`` of arrays whose sizes differ."""
    return trace(fn, *(np.zeros(shape) for shape in shapes))


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "a row added to a matrix": (lambda X, b: X + b, ((3, 4), (4,))),
    "a column added to a matrix": (lambda X, b: X * 2 + b[:, None], ((3, 4), (3,))),
    "a number added to a vector": (lambda x, b: x + b, ((3,), ())),
    "a column of one": (lambda W, x: W @ x, ((3, 4), (4, 1))),
    "a row of one": (lambda x, W: x @ W, ((1, 3), (3, 4))),
    "outer product": (lambda x, y: np.outer(x, y), ((3,), (4,))),
    "quadratic form": (lambda x, A: x @ A @ x, ((3,), (3, 3))),
    "trace": (lambda A: np.trace(A), ((3, 3),)),
    "diagonal": (lambda A: np.diagonal(A) * 2, ((3, 3),)),
    "softmax on the diagonal": (lambda A: np.diagonal(np.exp(A) / np.exp(A).sum(axis=1, keepdims=True)), ((3, 3),)),
    "Hadamard beside matrix products": (lambda A, B, C, D: (A @ B) * C @ D, ((2, 3), (3, 4), (2, 4), (4, 5))),
    "transposed batches": (lambda X, Y: X.transpose(0, 2, 1) @ Y, ((2, 3, 4), (2, 3, 5))),
    "sum over a batch": (lambda X, Y: (X.transpose(0, 2, 1) @ Y).sum(axis=0), ((2, 3, 4), (2, 3, 5))),
    "sums over a batch and not": (lambda X, Y: (X * Y).sum(axis=(0, 2)), ((2, 3, 4), (2, 3, 4))),
    "power of a sum": (lambda x, y: x.sum() ** 2 * y.sum() ** 3, ((3,), (4,))),
    "product of sums": (lambda x: x.sum() * (x**2).sum() / np.exp(x).sum(), ((3,),)),
    "maximum beside a product": (lambda X: X.max(axis=1) * X.sum(axis=1), ((3, 4),)),
    "clipped": (lambda x: np.clip(x, -0.5, 0.5) * np.abs(x) + np.minimum(x, 0), ((5,),)),
    "powers that are not whole": (lambda X: (1 + X**2) ** 1.5, ((3, 4),)),
    "reshape across axes": (lambda X: np.reshape(X, (2, 6)) * 3, ((3, 4),)),
    "reshape that joins and splits": (lambda X: np.reshape(X, (2, 3, 4)).sum(axis=1), ((6, 4),)),
    "flattened slice": (lambda X: X[1:, 1:].reshape(-1)[2:], ((3, 4),)),
    "gates": (lambda z: np.reshape(z, (3, 4))[1] * np.reshape(z, (3, 4))[2], ((12,),)),
    "steps": (lambda x: x[::2] * x[1::2], ((6,),)),
    "backwards": (lambda x: x[::-1] - x, ((5,),)),
    "parts end to end": (lambda x, y: np.concatenate([x, y, x]) ** 2, ((2,), (3,))),
    "fixed entries": (lambda x: x[0] * x[2] + x[1] ** 2, ((3,),)),
    "entries at positions": (lambda x: x[np.array([2, 0, 1, 2])], ((3,),)),
    "repeated": (lambda x: np.repeat(x, 2) * np.tile(x, 2), ((3,),)),
    "cumulative sum": (lambda x: np.cumsum(x), ((4,),)),
    "windows": (lambda x, w: np.lib.stride_tricks.sliding_window_view(x, 2) @ w, ((5,), (2,))),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_equations_of_programs(name: str) -> None:
    fn, shapes = PROGRAMS[name]
    assert wrong(traced(fn, *shapes)) == []


def test_ties_share_a_maximum() -> None:
    store = Store()
    x = store.add(Input("x", (3,)))
    node = alg.argmax(store, x, (0,))
    equation = Notation(store, {x: Symbol("x")}, "index").equation(Symbol("r"), [node])
    values = {"x": np.array([1.0, 2.0, 2.0]), "r": np.array([0, 0.5, 0.5])}
    told = [reader.quantity(k, Symbol(k).at, v) for k, v in values.items()]
    assert equation.right == r"\operatorname{hardmax}_{i}\left(x_{i}\right)"
    assert judged(equation, told, values["r"]) == ""


# Letters that quantities have -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["e", "sigma", "Phi", "delta", "x_j", "x_1", "W_new"])
def test_a_quantity_is_no_function_and_no_entry(name: str) -> None:
    store = Store()
    x, other = store.add(Input("x", (3,))), store.add(Input(name, (3,)))
    a, b = ARGUMENTS[:2]
    logistic = formula(sp.exp(-b) / (1 + sp.exp(-a)) + a * (1 + sp.erf(a / sp.sqrt(2))) + b**2, 2)
    taken = alg.gather(store, x, store.add(table(np.array([1, 1, 1]))), 0)  # x[1] everywhere
    embedded = alg.contract(store, [(x, (0,)), (other, (0,)), (taken, (1,))], (0, 0))
    nodes = [alg.apply(store, logistic, [x, other]), alg.multiply(store, taken, other), embedded]
    names = {x: Symbol("x"), other: Symbol(name)}
    rng = np.random.default_rng(0)
    values = [rng.normal(size=3), rng.normal(size=3)]
    found = compile_kernel(Graph(store, (x, other), tuple(nodes))).flat(values)
    for style in ("matrix", "index"):
        assert [_of_node(store, names, n, values, v, style) for n, v in zip(nodes, found, strict=True)] == [
            ""
        ] * 3


# The reader notices -----------------------------------------------------------------------------------------

X, Y, W = np.arange(3.0), np.arange(3.0) + 1, np.arange(12.0).reshape(3, 4)
KNOWN = [reader.quantity(k, Symbol(k).at, v) for k, v in {"x": X, "y": Y, "W": W, "s": W.sum()}.items()]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("s", r"\sum_{ij} W_{ij}"),
        ("y_{i}", r"x_{i} + 1"),
        ("y", r"x + \mathbf{1}"),
        ("x_{i}", r"\lfloor \frac{W_{i0}}{4} \rfloor".replace("i0", "i,0")),
        ("x_{i}", r"\begin{cases} y_{i} - 1 & \text{if } y_{i} > 1 \\ 0 & \text{otherwise} \end{cases}"),
        ("x_{i}", r"\sum_{j} \mathbb{I}\left[j < i\right] x_{j}^{0}"),
        ("x_{i}", r"\mathbb{I}\left[i \ge 1\right] y_{i-1}"),
    ],
)
def test_the_reader_reads(left: str, right: str) -> None:
    one, other = reader.read(left, right, KNOWN)
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        ("s", r"\sum_{i} W_{ij}", "nothing says what j is"),
        ("s", r"\sum_{i} x_{i} \sum_{i} y_{i}", "two meanings"),
        ("s", r"\sum_{j} x_{j+1}", "range of j"),
        ("s", r"\sum_{i} W_{ii}", "range of i"),
        ("y", r"W x", "matrix product"),
        ("y", r"x + W", "shapes"),
        ("y", r"x^{2}", "power of an array"),
        ("y", r"W W^{\top} x \odot x", "beside a Hadamard product"),
        ("y", r"2 0.5 x", "number beside a number"),
        ("y", r"2 \frac{1}{2} x", "number beside a number"),
        ("y", r"x^{\top}", "a row in the place"),
        ("y", r"x^{\top}^{\top}", "second superscript"),
        ("y_{i}", r"x", "whole array"),
        ("y_{i}", r"x_{i} q", "nothing says what q is"),
        ("y_{i}", r"i + 1 \bmod 2", "remainder"),
        ("y_{i}", r"\texttt{x + 1}", "unknown"),
    ],
)
def test_the_reader_refuses(left: str, right: str, reason: str) -> None:
    with pytest.raises(reader.Unreadable, match=reason):
        reader.read(left, right, KNOWN)


def layer(W: Any, X: Any, b: Any) -> Any:
    z = X @ W.T + b
    h = np.tanh(z)
    y = 1 / (1 + np.exp(-h))
    return np.sum(y * h)


SHAPES = {"W": "m n", "X": "b n", "b": "m"}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "mistake", ["transpose", "summed index", "sigma for tanh", "sign", "parentheses", "order of indices"]
)
def test_a_corrupted_writer_is_seen(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    derivation = derive(layer, SHAPES)
    assert told(derivation) == []
    corrupt(mistake, monkeypatch)
    assert told(derivation) != []


def corrupt(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer with a mistake."""
    match mistake:
        case "transpose":
            right = matrices._pair
            monkeypatch.setattr(matrices, "_pair", lambda *a: _without(right(*a), r"^{\top}"))
        case "summed index":
            over = Indexed.sum
            monkeypatch.setattr(Indexed, "sum", lambda self, body, labels: over(self, body, labels[1:]))
        case "sigma for tanh":
            monkeypatch.setitem(elementwise.NAMES, known.SIGMA, r"\tanh")
        case "sign":
            monkeypatch.setattr(elementwise, "_is_negative", lambda term: False)
            monkeypatch.setattr(
                elementwise._Printer,
                "_print_Add",
                lambda self, e, order=None: "".join(self.terms(e)).replace("-", "+"),
            )
        case "parentheses":
            monkeypatch.setattr(
                elementwise._Printer, "parenthesize", lambda self, item, *args, **options: self._print(item)
            )
        case "order of indices":
            at = Symbol.at
            monkeypatch.setattr(
                Symbol,
                "at",
                lambda self, index, above="": at(self, index[::-1] if index.isalpha() else index, above),
            )


def _without(written: Any, text: str) -> Any:
    return written and matrices.Written(written.text.replace(text, ""), written.level)
