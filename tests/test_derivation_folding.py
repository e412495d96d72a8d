"""Is a stack of layers shown once, with its index, and only where every layer is the shown one at its index?"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import transformer_block
from scipy import special
from test_derivation_pages import pages_of

from symdiff.derivations.deriving import derive
from symdiff.derivations.layout.folding import Fold, folds
from symdiff.derivations.layout.indices import Affine, Pattern, pattern
from symdiff.derivations.layout.lines import Line
from symdiff.derivations.layout.sections import shown, with_origins
from symdiff.derivations.rendering.html import to_html
from symdiff.derivations.rendering.latex import to_latex
from symdiff.derivations.rendering.markdown import to_markdown
from symdiff.derivations.rendering.text import to_text
from symdiff.derivations.steps import Derivation
from symdiff.derivations.writing.equations import equations
from symdiff.derivations.writing.formulas import formula
from symdiff.ir import algebra as alg

DEPTH = 12
_RANDOM = np.random.default_rng(0)


def normal(*shape: int) -> Any:
    return _RANDOM.normal(size=shape).round(2)


LAYERS = [(normal(3, 3), normal(3)) for _ in range(DEPTH)]
WIDTHS = [3, 4, 5, 6, 7, 8, 9, 8, 7, 6, 5, 4, 3]
WIDE = [(normal(WIDTHS[k + 1], WIDTHS[k]), normal(WIDTHS[k + 1])) for k in range(DEPTH)]
NAMED = {f"{name}{k}": normal(3, 3) if name == "W" else normal(3) for k in range(1, 13) for name in "Wb"}
X = normal(3)


def stack(params: Any, x: Any) -> Any:
    h = x
    for W, b in params:
        h = np.tanh(W @ h + b)
    return np.sum(h**2) / 2


def with_sums(params: Any, x: Any) -> Any:
    a = x
    for W, b in params:
        z = W @ a + b
        a = np.tanh(z)
    return np.sum(a**2) / 2


def by_key(params: Any, x: Any) -> Any:
    h = x
    for k in range(1, DEPTH + 1):
        h = np.tanh(params[f"W{k}"] @ h + params[f"b{k}"])
    return np.sum(h**2) / 2


def by_place(params: Any, x: Any) -> Any:
    h = x
    for k in range(DEPTH):
        h = np.tanh(params[k][0] @ h + params[k][1])
    return np.sum(h**2) / 2


def residual(params: Any, x: Any) -> Any:
    for W, b in params:
        x = x + np.tanh(W @ x + b)
    return np.sum(x**2) / 2


def unrolled(w: Any, h: Any) -> Any:
    for _ in range(DEPTH):
        h = np.tanh(w * h)
    return h


def norm(x: Any, g: Any, b: Any) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * g + b


def softmax(s: Any) -> Any:
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def encoder(layers: Any, x: Any) -> Any:
    """Pre-norm blocks of attention and a network with GELU."""
    for p in layers:
        u = norm(x, p["g1"], p["b1"])
        q, k, v = u @ p["Wq"], u @ p["Wk"], u @ p["Wv"]
        P = softmax(q @ k.T / np.sqrt(4))
        x = x + P @ v @ p["Wo"]
        z = norm(x, p["g2"], p["b2"]) @ p["W1"] + p["c1"]
        x = x + 0.5 * z * (1 + special.erf(z / np.sqrt(2))) @ p["W2"] + p["c2"]
    return np.sum(x**2) / 2


SIZES = {
    "g1": (4,),
    "b1": (4,),
    "Wq": (4, 4),
    "Wk": (4, 4),
    "Wv": (4, 4),
    "Wo": (4, 4),
    "g2": (4,),
    "b2": (4,),
}
SIZES |= {"W1": (4, 6), "c1": (6,), "W2": (6, 4), "c2": (4,)}
BLOCKS = [{name: normal(*size) for name, size in SIZES.items()} for _ in range(DEPTH)]

ALL, BUT_FIRST = tuple(range(1, 13)), tuple(range(2, 13))
STACKS: list[tuple[Callable[..., Any], dict[str, Any], tuple[int, ...], int]] = [
    (stack, {"params": LAYERS, "x": X}, BUT_FIRST, 3),
    (stack, {"params": WIDE, "x": X}, BUT_FIRST, 3),
    (with_sums, {"params": WIDE, "x": X}, BUT_FIRST, 4),
    (by_key, {"params": NAMED, "x": X}, BUT_FIRST, 3),
    (by_place, {"params": LAYERS, "x": X}, tuple(range(1, 12)), 3),
    (residual, {"params": LAYERS, "x": X}, BUT_FIRST, 3),
    (encoder, {"layers": BLOCKS, "x": normal(3, 4)}, ALL, 23),
]


@pytest.fixture(scope="module")
def derived() -> Callable[[Callable[..., Any], dict[str, Any]], Derivation]:
    known: dict[tuple[str, int], Derivation] = {}

    def once(fn: Callable[..., Any], inputs: dict[str, Any]) -> Derivation:
        key = fn.__name__, id(next(iter(inputs.values())))
        return known.setdefault(key, known[key] if key in known else derive(fn, inputs))

    return once


def lines_of(derivation: Derivation) -> dict[str, Line]:
    return {line.quantity: line for section in shown(derivation, 6) for line in section.lines}


@pytest.mark.parametrize(("fn", "inputs", "values", "width"), STACKS)
def test_a_stack_is_folded_forward_and_backward(
    derived: Any, fn: Callable[..., Any], inputs: dict[str, Any], values: tuple[int, ...], width: int
) -> None:
    forward, backward = folds(with_origins(derived(fn, inputs)))
    assert (forward.values, len(forward.lines)) == (values, width)
    assert backward.values in (values[::-1], ALL[::-1])
    assert len(backward.lines) == width


@pytest.mark.parametrize(("fn", "inputs"), [case[:2] for case in STACKS])
def test_what_is_shown_says_at_each_index_what_that_layer_says(
    derived: Any, fn: Callable[..., Any], inputs: dict[str, Any]
) -> None:
    """The shown member, with the names of each layer, is the equation of that layer."""
    derivation = with_origins(derived(fn, inputs))
    for fold in folds(derivation):
        for value, member in zip(fold.values, fold.members(derivation), strict=True):
            told = at(derivation, fold, value)
            start = fold.lines[0].number - 1
            lines = told.steps[start : start + len(member)]
            for line, step in zip(lines, member, strict=True):
                assert line.quantity == step.quantity
                assert sorted(words(formula(told, line))) == sorted(words(formula(derivation, step)))


def at(derivation: Derivation, fold: Fold, value: int) -> Derivation:
    """The derivation in which the shown member has the names of another one."""
    told = {name: place.at(value) for name, place in fold.names.items()}
    names = {name: Pattern((fold.firsts.get(new, new),), ()) for name, new in told.items()}
    return replace(fold, names=names).renamed(derivation)


def words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z_]\w*|[^\s\w]|\d+", text)


def test_equations_of_a_stack_are_those_of_books(derived: Any) -> None:
    lines = lines_of(derived(stack, {"params": LAYERS, "x": X}))
    assert str(lines["h_l"].equation) == r"h_{\ell } = \tanh{\left(W_{\ell } h_{\ell -1} + b_{\ell } \right)}"
    assert lines["dL/dh_(l-1)"].formula == "W_l.T @ (dL_dh_l*(1 - h_l**2))"
    assert lines["dL/dW_l"].formula == "outer(dL_dh_l*(1 - h_l**2), h_(l-1))"
    assert lines["W_l"].formula == "params[l-1][0]"
    assert lines["h_l"].number == "7, 10, ..., 37"
    assert lines["h_l"].sources == "steps 4, 7, ..., 34; 5, 8, ..., 35; 6, 9, ..., 36"
    assert lines["h_1"].sources == "steps 1, 2, 3"


def test_text_names_the_values_of_the_index(derived: Any) -> None:
    text = to_text(derived(residual, {"params": LAYERS, "x": X}), width=160)
    assert "for l = 2, 3, ..., 12" in text
    assert "for l = 12, 11, ..., 1, where x_1 = x" in " ".join(text.split())


def test_sources_are_those_of_every_layer(derived: Any) -> None:
    derivation = with_origins(derived(residual, {"params": LAYERS, "x": X}))
    for fold in folds(derivation):
        for k, line in enumerate(fold.lines):
            found = list(zip(*fold.sources(derivation, line), strict=True))
            steps = [member[k] for member in fold.members(derivation)]
            assert [sorted(numbers) for numbers in found or [()] * len(steps)] == [
                sorted(step.sources) for step in steps
            ]


@pytest.mark.parametrize("order", [("h", "w"), ("w", "h")])
def test_a_weight_of_all_layers_has_one_sum(order: tuple[str, str]) -> None:
    derivation = derive(unrolled, {name: {"w": 2.0, "h": 0.5}[name] for name in order})
    line = lines_of(derivation)["dh_13/dw"]
    assert line.formula == "dh_13_dw_direct + sum(dh_13_dh_l * dh_l_dw for l = 2, 3, ..., 12)"
    assert line.equation.right == (
        r"\left.\frac{\partial h_{13}}{\partial w}\right|_{\text{direct}} + \sum_{\ell  = 2}^{12} "
        r"\frac{\partial h_{13}}{\partial h_{\ell }} \, \frac{\partial h_{\ell }}{\partial w}"
    )
    assert next(fold.values for fold in folds(derivation)) == (*BUT_FIRST, 13)


def test_a_recurrent_network_has_one_sum_for_each_weight() -> None:
    def recurrent(W: Any, U: Any, b: Any, xs: Any) -> Any:
        h = np.zeros(3)
        for t in range(DEPTH):
            h = np.tanh(W @ h + U @ xs[t] + b)
        return np.sum(h**2) / 2

    inputs = {"W": normal(3, 3), "U": normal(3, 3), "b": normal(3), "xs": normal(DEPTH, 3)}
    lines = lines_of(derive(recurrent, inputs))
    assert lines["xs_l"].formula == "xs[l-1]"
    assert lines["dL/dW"].formula == "sum(outer(dL_dh_l*(1 - h_l**2), h_(l-1)) for l = 2, 3, ..., 12)"
    assert lines["dL/db"].formula == "sum(dL_dh_l*(1 - h_l**2) for l = 1, 2, ..., 12)"
    assert lines["dL/dxs"].formula == "stack(dL_dxs_l for l = 1, 2, ..., 12)"
    assert r"\left(\frac{\partial L}" in lines["dL/dxs"].equation.right


def test_a_path_of_another_kind_stands_apart_from_the_sum() -> None:
    def mixed(w: Any, h: Any) -> Any:
        for k in range(DEPTH):
            h = np.sin(w * h) if k == 5 else np.tanh(w * h)
        return h

    derivation = derive(mixed, {"w": 2.0, "h": 0.5})
    steps = {step.quantity: step for step in derivation.steps}
    assert steps["dh_7_dw"].formula == "h_6*cos(w*h_6)"
    assert lines_of(derivation)["dh_13/dw"].formula.endswith(
        "sum(dh_13_dh_l * dh_l_dw for l = 2, 3, ..., 12)"
    )
    assert lines_of(derivation)["dh_7/dw"].formula == "h_6*cos(w*h_6)"


def test_array_paths_of_another_kind_stand_apart_from_the_sum() -> None:
    def mixed(W: Any, h: Any) -> Any:
        for k in range(DEPTH):
            h = np.sin(W @ h) if k == 5 else np.tanh(W @ h)
        return np.sum(h**2) / 2

    line = lines_of(derive(mixed, {"W": normal(3, 3), "h": normal(3)}))["dL/dW"]
    first, other, second = line.formula.split(" + ")
    assert first == "sum(outer(dL_dh_l*(1 - h_l**2), h_(l-1)) for l = 8, 9, ..., 13)"
    assert other == "outer(dL_dh_7*cos(W @ h_6), h_6)"
    assert second.startswith("sum(outer(dL_dh_l*(1 - h_l**2), h_(l-1)) for l = 2, 3, ")


def test_values_of_single_numbers_are_listed() -> None:
    derivation = derive(unrolled, {"w": 2.0, "h": 0.5})
    value = lines_of(derivation)["h_l"].value
    assert value.startswith("0.761594, 0.909252, 0.948689, ")
    assert value.count(",") == DEPTH - 1


def test_without_folding_every_step_has_a_line(derived: Any) -> None:
    derivation = derived(stack, {"params": LAYERS, "x": X})
    lines = [line for section in shown(derivation, 6, folded=False) for line in section.lines]
    assert [line.number for line in lines] == [str(step.number) for step in derivation.steps]


# What must not be folded ------------------------------------------------------------------------------------


def test_another_activation_is_not_folded_over() -> None:
    def odd(params: Any, x: Any) -> Any:
        h = x
        for k, (W, b) in enumerate(params):
            h = np.maximum(W @ h + b, 0) if k == 6 else np.tanh(W @ h + b)
        return np.sum(h**2) / 2

    derivation = derive(odd, {"params": LAYERS, "x": X})
    found = [fold.values for fold in folds(derivation)]
    assert found == [(2, 3, 4, 5, 6), (8, 9, 10, 11, 12), (12, 11, 10, 9, 8), (6, 5, 4, 3, 2)]
    assert lines_of(derivation)["h_7"].formula.startswith("where(")


def test_shared_weights_are_shown_as_they_are() -> None:
    def shared(params: Any, x: Any) -> Any:
        h = x
        for k in range(DEPTH):
            W, b = params[3 if k == 4 else k]
            h = np.tanh(W @ h + b)
        return np.sum(h**2) / 2

    derivation = derive(shared, {"params": LAYERS, "x": X})
    lines = lines_of(derivation)
    assert [f.values for f in folds(derivation)] == [
        (2, 3, 4), tuple(range(6, 13)), tuple(range(12, 5, -1)),
    ]  # fmt: skip
    assert lines["h_5"].formula == "tanh(b_4 + W_4 @ h_4)"
    assert lines["dL/dW_4"].formula == "outer(dL_dh_5*(1 - h_5**2), h_4) + outer(dL_dh_4*(1 - h_4**2), h_3)"
    assert lines["dL/dh_4"].formula == "W_4.T @ (dL_dh_5*(1 - h_5**2))"


def test_another_constant_is_not_folded_over() -> None:
    def scaled(params: Any, x: Any) -> Any:
        h = x
        for k, (W, b) in enumerate(params):
            h = np.tanh(W @ h + (3 if k == 5 else 2) * b)
        return np.sum(h**2) / 2

    assert [f.values for f in folds(derive(scaled, {"params": LAYERS, "x": X}))][:2] == [
        (2, 3, 4, 5), (7, 8, 9, 10, 11, 12),
    ]  # fmt: skip


def test_a_skip_connection_from_another_distance_is_not_folded_over() -> None:
    def skips(params: Any, x: Any) -> Any:
        h = x
        kept = [h]
        for k, (W, b) in enumerate(params):
            h = np.tanh(W @ kept[-2 if k == 6 else -1] + b)
            kept.append(h)
        return np.sum(h**2) / 2

    derivation = derive(skips, {"params": LAYERS, "x": X})
    assert all(7 not in fold.values for fold in folds(derivation) if fold.first < 40)
    assert lines_of(derivation)["h_7"].formula == "tanh(b_7 + W_7 @ h_5)"


def test_a_changed_step_is_not_folded_over(derived: Any) -> None:
    derivation = derived(stack, {"params": LAYERS, "x": X})
    store = derivation.graph.store
    wrong = derivation.step("dL_db_7")
    changed = replace(wrong, node=alg.scale(store, wrong.node, 2))
    steps = tuple(changed if step is wrong else step for step in derivation.steps)
    found = folds(replace(derivation, steps=steps))
    assert all(not fold.first <= wrong.number <= fold.last for fold in found)
    assert any(fold.first <= wrong.number <= fold.last for fold in folds(derivation))


def test_three_layers_of_numbers_are_not_folded() -> None:
    def small(w1: Any, w2: Any, w3: Any, x: Any) -> Any:
        a1 = np.tanh(w1 * x)
        a2 = np.tanh(w2 * a1)
        a3 = np.tanh(w3 * a2)
        return a3  # noqa: RET504

    assert folds(derive(small, {"w1": 0.1, "w2": 0.2, "w3": 0.3, "x": 1.0})) == ()


# Patterns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "shown_as", "fifth"),
    [
        ("h_2", "h_3", "h_(l+2)", "h_7"),
        ("x_3", "x_5", "x_(2l+3)", "x_13"),
        ("W10", "W9", "W_(10-l)", "W5"),
        ("params[0].W", "params[1].W", "params[l].W", "params[5].W"),
        ("g1_4", "g1_5", "g1_(l+4)", "g1_9"),
        ("w", "w", "w", "w"),
    ],
)
def test_pattern(first: str, second: str, shown_as: str, fifth: str) -> None:
    found = pattern(first, second)
    assert (found.text("l"), found.at(5)) == (shown_as, fifth)


@pytest.mark.parametrize("slope", [-2, -1, 1, 2])
@pytest.mark.parametrize("turn", [-1, 1])
def test_another_index_gives_the_same_numbers(slope: int, turn: int) -> None:
    number, index = Affine(slope, 5), Affine(turn, 3)
    other = number.of(Affine(turn, -turn * 3))
    assert [other.at(index.at(k)) for k in range(6)] == [number.at(k) for k in range(6)]


# Size -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fn", "inputs"),
    [
        (stack, {"params": LAYERS, "x": X}),
        (encoder, {"layers": BLOCKS, "x": normal(3, 4)}),
        (
            transformer_block.block,
            dict(zip(transformer_block.PARAMETERS, transformer_block.SHAPES, strict=True)),
        ),
    ],
)
def test_deep_derivations_are_short_and_quick(
    fn: Callable[..., Any], inputs: dict[str, Any], tmp_path: Any
) -> None:
    start = time.process_time()
    derivation = derive(fn, inputs, wrt=None if "heads" not in inputs else transformer_block.NAMES)
    source = to_latex(derivation)
    took = time.process_time() - start
    assert pages_of(source, tmp_path) < 6
    assert took < 10


def test_equations_without_folding_are_those_of_all_steps(derived: Any) -> None:
    derivation = derived(stack, {"params": LAYERS, "x": X})
    lines = [line for section in shown(derivation, 6, folded=False) for line in section.lines]
    told = equations(derivation)
    assert [str(line.equation) for line in lines if line.quantity[0] not in "Wb"] == [
        str(e) for e, s in zip(told, derivation.steps, strict=True) if s.quantity[0] not in "Wb"
    ]


def test_a_graph_of_many_steps_is_not_drawn(derived: Any) -> None:
    assert "<svg" in to_html(derived(stack, {"params": LAYERS, "x": X}))
    assert "<svg" not in to_html(derived(with_sums, {"params": WIDE, "x": X}))


def test_second_orders_are_folded_too() -> None:
    derivation = derive(with_sums, {"params": LAYERS, "x": X}, wrt="x", of="hvp")
    found = {derivation.steps[fold.first - 1].phase: fold for fold in folds(derivation)}
    assert len(found["second backward"].lines) == 2
    lines = lines_of(derivation)
    assert lines["ds/d(dL_dz_l)"].formula == "W_l @ ds_d(dL_da_(l-1))"
    assert lines["ds/dz_l"].formula == "(1 - a_l**2)*ds_da_l"


@pytest.mark.parametrize("render", [to_text, to_html, to_latex, to_markdown])
def test_every_format_can_show_all_layers(derived: Any, render: Callable[..., str]) -> None:
    derivation = derived(stack, {"params": LAYERS, "x": X})
    whole = render(derivation, folded=False)
    assert "for l = " not in whole
    assert r"\ell" not in whole
    assert "params[l-1][0]" in render(derivation)
    assert "params[l-1][0]" not in whole
    assert "params[10][1]" in whole


def test_another_letter_where_the_code_has_an_l() -> None:
    def named(params: Any, l: Any) -> Any:  # noqa: E741
        h = l
        for W, b in params:
            h = np.tanh(W @ h + b)
        return np.sum(h * l)

    lines = lines_of(derive(named, {"params": LAYERS, "l": X}))
    assert lines["h_g"].formula == "tanh(b_g + W_g @ h_(g-1))"
    assert str(lines["h_g"].equation) == r"h_{g} = \tanh{\left(W_{g} h_{g-1} + b_{g} \right)}"
