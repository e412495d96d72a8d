"""Is every single step checked before it is shown? Broken rules and corrupted rows never make a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ex_1_5_training_mechanics as mechanics
import flint
import mpmath
import numpy as np
import pytest
import transformer_block
from test_derivations import INPUTS, three_layers

from symdiff import calculus
from symdiff.derivations import deriving
from symdiff.derivations.deriving import derive
from symdiff.derivations.judging.confirming import confirm
from symdiff.derivations.steps import Derivation
from symdiff.derivations.values import rounded
from symdiff.derivations.walking import sweeps
from symdiff.derivations.walking.regions import Regions
from symdiff.derivations.walking.rows import Rows
from symdiff.errors import SymdiffError
from symdiff.evaluation.arithmetics import MPMATH, working_precision
from symdiff.evaluation.exact import objects_of
from symdiff.evaluation.tapes import TAPED, Tape
from symdiff.ir import algebra as alg

LAYERS = ("w1", "b1", "w2", "b2", "w3", "b3")


@pytest.fixture(scope="module")
def scalars() -> Derivation:
    return derive(three_layers, INPUTS, LAYERS, update="eta")


@pytest.fixture(scope="module")
def matrices() -> Derivation:
    return derive(mechanics.one_sample, mechanics.VECTORS, mechanics.PARAMETERS, update="lr")


@pytest.fixture
def without_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps alone must see what is wrong."""
    monkeypatch.setattr(deriving, "is_checkable", lambda *_: False)


# Right derivations are accepted ---------------------------------------------------------------------------------


def test_each_step_says_how_it_was_checked(scalars: Derivation, matrices: Derivation) -> None:
    for derivation in (scalars, matrices):
        told = {step.quantity: step.checked for step in derivation.steps}
        given = {step.quantity for step in derivation.steps if step.rule == "input"}
        assert {quantity for quantity, how in told.items() if how == "given"} == given
        assert "every step checked at 2 points" in derivation.checked
    assert scalars.step("z1").checked == "value, at 2 points"
    assert scalars.step("dL_dz1").checked == "derivative, at 2 points"
    assert scalars.step("w1_new").checked == "value, at 2 points"


def softmax_loss(x: Any, W: Any, y: Any) -> Any:
    scores = x @ W
    e = np.exp(scores - scores.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    return -(y * np.log(p)).sum(-1).mean()


def normalised(x: Any, g: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    h = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return (h * g).sum()


def moved(x: Any, w: Any) -> Any:
    a = np.concatenate([x[1:], x[:1] * 2])
    b = np.pad(a, (1, 0))[::-1]
    c = b.reshape(5, 1) * w
    return c.max(0).sum() + np.where(a > 0, a, np.sinh(a)).sum()


def logarithms(x: Any) -> Any:
    a = np.log(x) / np.sqrt(1 - x)
    return np.sum(a**2)


def one_step(x: Any, seen: Any) -> Any:
    rows = x[seen]
    return np.sum(rows**3)


def from_zeros(W: Any, X: Any) -> Any:
    h = np.zeros(W.shape[0])
    for x in X:
        h = np.tanh(W @ h + x)
    return h.sum()


RIGHT: list[tuple[Callable[..., Any], Any]] = [
    (softmax_loss, {"x": "n d", "W": "d k", "y": "n k"}),
    (normalised, {"x": "n d", "g": "d"}),
    (moved, {"x": np.array([0.3, -0.5, 1.0, 0.25]), "w": 0.5}),
    (logarithms, {"x": "n"}),
    (from_zeros, {"W": "k k", "X": "3 k"}),
    (one_step, {"x": np.array([1.0, 2.0, 4.0]), "seen": np.array([0, 2, 2])}),
]


@pytest.mark.parametrize(("fn", "inputs"), RIGHT, ids=[fn.__name__ for fn, _ in RIGHT])
def test_right_steps_are_accepted(fn: Callable[..., Any], inputs: Any) -> None:
    assert "every step checked at 2 points" in derive(fn, inputs).checked


def deep_network(x: Any, y: Any, *weights: Any) -> Any:
    a = x
    for W in weights:
        z = W @ a
        a = np.tanh(z)
    return np.sum((a - y) ** 2) / 2


DEEP = ("d0", "d12", *(f"d{k} d{k - 1}" for k in range(1, 13)))


@pytest.mark.parametrize(("wrt", "of"), [(None, "gradient"), (0, "jacobian"), (0, "hvp")])
def test_every_step_of_twelve_layers_is_checked(wrt: Any, of: Any) -> None:
    derivation = derive(deep_network, DEEP, wrt, of=of)
    assert "every step checked at 2 points" in derivation.checked


def test_every_step_of_a_transformer_block_is_checked() -> None:
    """The slope of the keys' bias is zero, so more points are tried."""
    inputs = dict(zip(transformer_block.PARAMETERS, transformer_block.SHAPES, strict=True))
    derivation = derive(transformer_block.block, inputs, transformer_block.NAMES)
    assert "proved, for every shape; every step checked at" in derivation.checked
    assert all(step.checked for step in derivation.steps)


def test_arguments_in_a_row_have_values_too() -> None:
    derivation = derive(
        deep_network, (np.array([0.5]), np.array([1.0]), np.array([[1.0]]), np.array([[2.0]]))
    )
    assert rounded(derivation.step("a_2").value, 5) == "[0.72789]"
    assert "every step checked at 2 points" in derivation.checked


def layer(X: Any, W: Any, Y: Any) -> Any:
    Z = X @ W
    H = np.tanh(Z)
    return ((H - Y) ** 2).mean()


@pytest.mark.usefixtures("without_verdict")
def test_large_arrays_are_checked_by_smaller_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    inputs = {"X": rng.normal(size=(60, 90)), "W": rng.normal(size=(90, 64)), "Y": rng.normal(size=(60, 64))}
    derivation = derive(layer, inputs, "W")
    assert "every step checked at 2 points of smaller arrays" in derivation.checked
    assert derivation.step("dL_dW").checked == "derivative, at 2 points of smaller arrays"
    monkeypatch.setattr(calculus, "_times_partial", negated(calculus._times_partial))
    with pytest.raises(SymdiffError, match="nothing is shown"):
        derive(layer, inputs, "W")


@pytest.mark.usefixtures("without_verdict")
def test_large_arrays_with_a_length_of_their_own_are_not_called_checked() -> None:
    def fixed(X: Any, W: Any) -> Any:
        return np.sum((X @ W).reshape(60, 8, 8) ** 3)

    rng = np.random.default_rng(0)
    inputs = {"X": rng.normal(size=(60, 90)), "W": rng.normal(size=(90, 64))}
    assert "single steps not checked" in derive(fixed, inputs, "W").checked


def test_of_the_identity_there_is_nothing_to_check() -> None:
    def same(x: Any) -> Any:
        return x

    assert "nothing to check" in derive(same, {"x": "n"}).checked


def test_a_step_that_is_zero_at_a_point_is_looked_at_elsewhere() -> None:
    """With weights of mixed signs most scalar networks of rectifiers are dead: then nothing is seen."""

    def deep(w: Any, x: Any) -> Any:
        a = x
        for _ in range(8):
            z = w * a - x
            a = np.maximum(z, 0)
        return a

    seen = derive(deep, {"w": 2.0, "x": -1.0})
    assert "every step checked at" in seen.checked
    wrong = seen.step("da_8_dz_8")
    changed = altered(seen, wrong.quantity, node=alg.scale(seen.graph.store, wrong.node, 2))
    refused(changed, wrong.quantity)


def test_where_every_point_is_a_kink_the_convention_holds() -> None:
    def distances(x: Any) -> Any:
        d = np.abs(x[:, None] - x[None, :])
        return np.sum(d**3) + d.max()

    told = derive(distances, {"x": "n"}).checked
    assert "every step checked at 2 points, on a kink, by convention" in told


# Broken rules -----------------------------------------------------------------------------------------------------


def negated(right: Any) -> Any:
    def rule(store: Any, *rest: Any) -> Any:
        found = right(store, *rest)
        return None if found is None else alg.scale(store, found, -1)

    return rule


def wrong_operation(kind: str) -> Callable[[Any], Any]:
    """The rule of one operation altered."""

    def around(right: Any) -> Any:
        def rule(store: Any, op: Any, node: Any, operands: Any, slot: int, lead: Any, bar: Any) -> Any:
            found = right(store, op, node, operands, slot, lead, bar)
            if type(op).__name__ != kind or found is None:
                return found
            if kind == "Maximum":
                ones = alg.constant(store, 1, store.shape(found))
                axes = tuple(range(len(store.shape(found))))
                kept = tuple(k for k in axes if k not in op.axes)
                return alg.contract(store, [(bar, kept), (ones, axes)], axes)
            if kind == "Contract" and len(operands) > 1:
                shape = store.shape(found)
                square = len(shape) == 2 and shape[0] == shape[1]
                return alg.transpose(store, found, (1, 0)) if square else alg.scale(store, found, 2)
            if kind == "Slice":
                return alg.scale(store, found, 3)
            return found

        return rule

    return around


def dropped_path(right: Any) -> Any:
    def total(store: Any, terms: Any, lead: Any, shape: Any) -> Any:
        return right(store, terms[:1], lead, shape)

    return total


def net(x: Any, W: Any, y: Any) -> Any:
    z = W @ x
    h = np.tanh(z)
    e = h + z[::-1] - y
    return np.sum(e**2) + np.max(h)


BROKEN = [
    ("_times_partial", negated),
    ("_transpose", wrong_operation("Contract")),
    ("_transpose", wrong_operation("Slice")),
    ("_transpose", wrong_operation("Maximum")),
]


@pytest.mark.parametrize(("rule", "broken"), BROKEN, ids=["map", "contraction", "move", "maximum"])
@pytest.mark.parametrize("inputs", [{"x": "n", "W": "n n", "y": "n"}, {"x": "3", "W": "3 3", "y": "3"}])
@pytest.mark.usefixtures("without_verdict")
def test_no_page_is_made_by_a_broken_rule(
    rule: str, broken: Any, inputs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert derive(net, inputs, ("W", "x")).steps
    monkeypatch.setattr(calculus, rule, broken(getattr(calculus, rule)))
    with pytest.raises(SymdiffError, match="nothing is shown"):
        derive(net, inputs, ("W", "x"))


@pytest.mark.usefixtures("without_verdict")
@pytest.mark.parametrize("module", [sweeps, calculus])
def test_no_page_is_made_if_a_path_is_dropped(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def paths(x: Any, a: Any) -> Any:
        z = x * a
        u, v = np.sin(z), np.exp(z)
        return np.sum(u * v + (lambda t: t * t * t)(np.tan(x)))

    monkeypatch.setattr(module, "sum_of_terms", dropped_path(module.sum_of_terms))
    with pytest.raises(SymdiffError, match="nothing is shown"):
        derive(paths, {"x": "n", "a": "n"})


@pytest.mark.usefixtures("without_verdict")
def test_no_page_is_made_by_a_wrong_local_derivative(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Regions.local

    def local(self: Regions, child: Any, node: Any) -> Any:
        return alg.scale(self.store, right(self, child, node), 2)

    monkeypatch.setattr(Regions, "local", local)
    with pytest.raises(SymdiffError, match=r"quantity=dL_dy_hat\n"):
        derive(three_layers, INPUTS, LAYERS)


@pytest.mark.usefixtures("without_verdict")
def test_no_page_is_made_by_a_wrong_fused_derivative(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Regions._fused

    def fused(self: Regions, child: Any, node: Any) -> Any:
        found = right(self, child, node)
        return None if found is None else alg.add(self.store, found, found)

    monkeypatch.setattr(Regions, "_fused", fused)
    with pytest.raises(SymdiffError, match="nothing is shown"):
        derive(mechanics.one_sample, mechanics.VECTORS, mechanics.PARAMETERS)


# Corrupted rows ---------------------------------------------------------------------------------------------------


def altered(derivation: Derivation, quantity: str, **changes: Any) -> Derivation:
    steps = tuple(replace(s, **changes) if s.quantity == quantity else s for s in derivation.steps)
    return replace(derivation, steps=steps)


def refused(derivation: Derivation, quantity: str) -> None:
    with pytest.raises(SymdiffError, match=rf"quantity={re.escape(quantity)}\n"):
        confirm(derivation, {})


@pytest.mark.parametrize("which", ["scalars", "matrices"])
def test_every_row_is_checked(which: str, request: pytest.FixtureRequest) -> None:
    """Each row but the inputs in turn says something else; the last rows, and so the verdict, stay right."""
    derivation: Derivation = request.getfixturevalue(which)
    store = derivation.graph.store
    assert confirm(derivation, {}).steps == derivation.steps
    for step in derivation.steps:
        if step.rule not in ("input", "seed"):
            refused(altered(derivation, step.quantity, node=alg.scale(store, step.node, 2)), step.quantity)
            one = alg.constant(store, 1, step.shape)
            refused(altered(derivation, step.quantity, node=alg.add(store, step.node, one)), step.quantity)


def test_products_of_a_row_are_checked(scalars: Derivation) -> None:
    swapped = altered(scalars, "dL_dz3", factors=(("dL_dy_hat", "y_hat"),))
    refused(swapped, "dL_dz3")
    refused(altered(scalars, "dL_db3", factors=(("dL_dz3", "dz3_dw3"),)), "dL_db3")


def test_terms_of_a_sum_over_paths_are_checked() -> None:
    def f(x: Any) -> Any:
        v = x**2
        a, b = np.sin(v), np.exp(v)
        return np.sum(a * b)

    derivation = derive(f, {"x": "n"})
    step = derivation.step("dL_dv")
    first, second = step.terms
    refused(altered(derivation, "dL_dv", terms=(first, replace(second, node=first.node))), "dL_dv")
    exchanged = (replace(first, node=second.node), replace(second, node=first.node))
    refused(altered(derivation, "dL_dv", terms=exchanged), "dL_dv")


def test_a_row_about_another_quantity_is_refused(scalars: Derivation) -> None:
    refused(altered(scalars, "dz2_dw2", below="b2"), "dz2_dw2")
    with pytest.raises(SymdiffError, match="dL_dw2"):
        confirm(altered(scalars, "dL_dw2", below="w1"), {})


def test_a_wrong_intermediate_before_a_right_end_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows from dL_da2 on are written with a wrong node, those behind it from the right one."""
    right = Rows.product

    def product(self: Rows, node: Any, quantity: str, *rest: Any, **named: Any) -> None:
        node = alg.scale(self.store, node, 2) if quantity == "dL_dz2" else node
        right(self, node, quantity, *rest, **named)

    monkeypatch.setattr(Rows, "product", product)
    with pytest.raises(SymdiffError, match="quantity=dL_dz2\n"):
        derive(three_layers, INPUTS, LAYERS)


def test_a_name_at_the_wrong_node_is_seen(matrices: Derivation) -> None:
    nodes = {name: node for node, name in matrices.names.items()}
    exchanged = {**matrices.names, nodes["HO_1"]: "HI_1", nodes["HI_1"]: "HO_1"}
    with pytest.raises(SymdiffError):
        confirm(replace(matrices, names=exchanged), {})


# The tape ---------------------------------------------------------------------------------------------------------

SLOPES = sorted(
    set(TAPED.functions)
    - {"pi", "EulerGamma", "Catalan", "infinity", "undefined", "root_power", "power", "polygamma", "atan2"}
)


@pytest.mark.parametrize("name", SLOPES)
def test_slopes_of_the_tape_are_those_of_mpmath(name: str) -> None:
    at = "1.75" if name == "acosh" else "0.375"
    with working_precision(200):
        tape = Tape()
        x = tape.variables(objects_of([flint.arb(at)], (1,)))
        y = objects_of([TAPED.functions[name](x[0])], (1,))
        slope = tape.adjoints(y, objects_of([flint.arb(1)], (1,)))(x)[0]
        right = mpmath.diff(MPMATH.functions[name], mpmath.mpf(at))
        assert abs(float(slope.mid()) - float(right)) <= 1e-14 * max(1.0, abs(float(right)))
