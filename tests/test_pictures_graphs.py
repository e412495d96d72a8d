"""Do pictures of derivations and graphs show every value, derivative and share, apart from each other?"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import ex_1_5_training_mechanics as mechanics
import networkx as nx
import numpy as np
import pytest
from test_derivations import INPUTS, three_layers

import symdiff as sd
from symdiff.derivations.deriving import derive
from symdiff.derivations.rendering.html import to_fragment
from symdiff.derivations.steps import Derivation
from symdiff.pictures import layering, operations, quantities, shortening, svg
from symdiff.pictures.boxes import Box, Drawing
from symdiff.pictures.typesetting import plain, typeset, width, wrapped

SVG = "{http://www.w3.org/2000/svg}"


def words(lines: Any) -> list[str]:
    """The lines of a box or an arrow as text, with ordinary spaces."""
    return [re.sub(r"\s+", " ", "".join(piece.text for piece in line.text)).strip() for line in lines]


def box(drawn: Drawing, key: str) -> Box:
    return next(one for one in drawn.boxes if one.key == key)


def label(drawn: Drawing, source: str, target: str) -> list[str]:
    return next(words(a.lines) for a in drawn.arrows if (a.source, a.target) == (source, target))


@pytest.fixture(scope="module")
def scalars() -> Derivation:
    return derive(three_layers, INPUTS, ("w1", "b1", "w2", "b2", "w3", "b3"))


@pytest.fixture(scope="module")
def matrices() -> Derivation:
    return derive(mechanics.one_sample, mechanics.VECTORS, mechanics.PARAMETERS)


def two_paths(v1: Any, v2: Any) -> Any:
    v3 = v1 * v2
    v5 = np.sin(v3)
    v6 = v3**2 + v2
    return v5 * v6


def net(
    x: Any, W1: Any, W2: Any, W3: Any, W4: Any, W5: Any, W6: Any, W7: Any, W8: Any, W9: Any, W10: Any,
    W11: Any, W12: Any, y: Any,
) -> Any:  # fmt: skip
    a1 = np.tanh(W1 @ x)
    a2 = np.tanh(W2 @ a1)
    a3 = np.tanh(W3 @ a2)
    a4 = np.tanh(W4 @ a3)
    a5 = np.tanh(W5 @ a4)
    a6 = np.tanh(W6 @ a5)
    a7 = np.tanh(W7 @ a6)
    a8 = np.tanh(W8 @ a7)
    a9 = np.tanh(W9 @ a8)
    a10 = np.tanh(W10 @ a9)
    a11 = np.tanh(W11 @ a10)
    a12 = np.tanh(W12 @ a11)
    return np.sum((a12 - y) ** 2) / 2


@pytest.fixture(scope="module")
def deep() -> Derivation:
    sizes = {f"W{k}": f"d{k} d{k - 1}" for k in range(1, 13)}
    return derive(net, {"x": "d0", **sizes, "y": "d12"})


# What is shown ----------------------------------------------------------------------------------------------


def test_boxes_show_values_and_derivatives(scalars: Derivation) -> None:
    drawn = quantities.drawing(scalars)
    assert [b.key for b in drawn.boxes] == [s.quantity for s in scalars.phase("forward")]
    assert words(box(drawn, "z1").lines) == ["z1 = 2", "x w1 + b1", "∂L/∂z1 = −0.01293"]
    assert words(box(drawn, "y_hat").lines) == ["ŷ = 0.786", "σ(z3)", "∂L/∂ŷ = −0.214"]
    assert words(box(drawn, "x").lines) == ["x = 2"]
    assert words(box(drawn, "L").lines)[-1] == "∂L/∂L = 1"


def test_every_derivative_shown_is_that_of_grad(scalars: Derivation) -> None:
    drawn = quantities.drawing(scalars, digits=9)
    exact = sd.grad(three_layers, wrt=scalars.by)(**INPUTS)
    for name, gradient in zip(scalars.by, exact, strict=True):
        shown = " ".join(words(box(drawn, name).lines)).split(" = ")[-1]
        assert float(shown.replace("−", "-")) == pytest.approx(float(gradient), rel=1e-8)


def test_arrows_show_local_derivatives(scalars: Derivation) -> None:
    drawn = quantities.drawing(scalars)
    assert label(drawn, "a1", "z2") == ["× 0.5"]
    assert label(drawn, "z2", "a2") == ["× 0.3592"]
    assert label(drawn, "x", "z1") == []
    assert {(a.source, a.target) for a in drawn.arrows if not a.heavy} == {("x", "z1"), ("y", "L")}


def test_shares_of_paths_stand_at_their_arrows_and_in_their_sum() -> None:
    drawn = quantities.drawing(derive(two_paths, {"v1": 2.0, "v2": 0.5}))
    assert label(drawn, "v3", "v5") == ["× 0.5403", "→ 0.8105"]
    assert label(drawn, "v3", "v6") == ["× 2", "→ 1.683"]
    assert " ".join(words(box(drawn, "v3").lines)).endswith("= 1.683 + 0.8105 = 2.493")
    assert label(drawn, "v1", "v3") == ["× 0.5"]


def test_shapes_and_formulas_where_there_are_no_numbers(matrices: Derivation) -> None:
    drawn = quantities.drawing(matrices)
    assert words(box(drawn, "W1").lines)[0] == "W1 : d1 × d0"
    assert "".join(words(box(drawn, "W1").lines)[1:]).replace(" ", "") == "∂L/∂W1=∂L/∂HI1XT"
    assert words(box(drawn, "HI_1").lines)[1] == "W1 X + B1"
    text = quantities.to_svg(matrices)
    assert "None" not in text and "=  " not in text


def test_an_input_of_many_uses_stands_beside_each() -> None:
    def unrolled(h: Any, w: Any) -> Any:
        for _ in range(5):
            h = np.tanh(w * h)
        return h

    steps = derive(unrolled, {"h": 0.5, "w": 2.0}, wrt="w")
    drawn = quantities.drawing(steps)
    copies = [b for b in drawn.boxes if b.kind == "copy"]
    assert [words(b.lines) for b in copies] == [["w"]] * 5
    shares = [words(a.lines)[-1] for a in drawn.arrows if a.source.startswith("w\x00") and len(a.lines) == 2]
    total = float(steps.step(f"d{steps.names[steps.graph.outputs[0]]}_dw").value[()].mid())
    told = [float(share.removeprefix("→ ").replace("−", "-")) for share in shares if "10" not in share]
    assert len(told) >= 3 and sum(told) == pytest.approx(total, abs=1e-3)
    assert "sum of" in " ".join(words(box(drawn, "w").lines))


def test_a_function_without_steps_is_one_box() -> None:
    graph = sd.trace(lambda x: x, x="")
    drawn = quantities.drawing(Derivation("f", graph, ("x",), (), {graph.outputs[0]: "x"}))
    assert [words(b.lines) for b in drawn.boxes] == [["x"]]


def test_graphs_show_their_operations() -> None:
    graph = sd.trace(lambda x, w: np.exp(w @ x) + 1, x="n", w="n")
    drawn = operations.drawing(graph)
    told = {words(b.lines)[0]: "".join(words(b.lines)[1:]) for b in drawn.boxes}
    assert told == {"x : n": "", "w : n": "", "v1": "dot(x, w)", "v2": "exp(v1)", "v3": "v2 + 1"}
    assert graph.to_svg() == graph._repr_svg_() == operations.to_svg(graph)
    assert graph.to_svg() in graph._repr_html_()


# As SVG -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictures(scalars: Derivation, matrices: Derivation, deep: Derivation) -> list[str]:
    return [
        scalars.to_svg(),
        matrices.to_svg(),
        deep.to_svg(),
        derive(two_paths, {"v1": 2.0, "v2": 0.5}).to_svg(),
        sd.trace(mechanics.one_sample, **mechanics.VECTORS).to_svg(),
    ]


def test_pictures_need_nothing_else(pictures: list[str]) -> None:
    for text in pictures:
        root = ElementTree.fromstring(text)
        assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
            "svg", "title", "desc", "style", "g", "rect", "path", "text", "tspan",
        }  # fmt: skip
        assert not re.search(r"script|href|url\(|@import|http(?!://www.w3.org/2000/svg)", text)
        title, desc, *_ = list(root)
        assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        assert title.text and desc.text
        assert "@media (prefers-color-scheme: dark)" in text and "var(--ink, #1d1c1a)" in text


def test_text_is_readable_on_a_phone(pictures: list[str]) -> None:
    """At 360 pixels across no text that is no subscript is under 9 pixels."""
    for text in pictures:
        root = ElementTree.fromstring(text)
        scale = min(1.0, 360 / float(root.get("viewBox", "").split()[2]))
        sizes = [float(one.get("font-size", "0")) for one in root.iter(f"{SVG}text")]
        assert sizes and min(sizes) * scale >= 9


def test_boxes_and_their_text_are_apart_and_inside(pictures: list[str]) -> None:
    for text in pictures:
        root = ElementTree.fromstring(text)
        _, _, wide, high = map(float, root.get("viewBox", "").split())
        (group,) = root.findall(f"{SVG}g")
        shift = float(group.get("transform", "")[10:].split()[0])
        frames = [one for one in group if one.tag == f"{SVG}rect" and "box" in one.get("class", "")]
        corners = [tuple(float(one.get(k, "0")) for k in ("x", "y", "width", "height")) for one in frames]
        for (a, b, c, d), (e, f, g, h) in combinations(corners, 2):
            assert a + c <= e or e + g <= a or b + d <= f or f + h <= b
        assert all(
            x + shift >= 0 and x + shift + w <= wide and y >= 0 and y + h <= high for x, y, w, h in corners
        )


def test_the_same_derivation_gives_the_same_picture(scalars: Derivation) -> None:
    again = derive(three_layers, INPUTS, ("w1", "b1", "w2", "b2", "w3", "b3"))
    assert again.to_svg() == scalars.to_svg()


def test_pictures_are_saved(scalars: Derivation, tmp_path: Path) -> None:
    found = scalars.save(tmp_path / "x.svg")
    assert ElementTree.parse(found).getroot().tag == f"{SVG}svg"


ODD = ("</script>", "a%b", r"\input{/etc/passwd}", "größe_漢", "$x$", "&lt;")


def test_names_are_shown_literally() -> None:
    def odd(x: Any, y: Any) -> Any:
        for name in ODD:
            x = sd.name(np.sin(x) * y, name)
        return x

    for text in (derive(odd, {"x": 0.5, "y": 2.0}).to_svg(), sd.trace(odd, x="n", y="n").to_svg()):
        shown = ["".join(one.itertext()) for one in ElementTree.fromstring(text).iter(f"{SVG}text")]
        for name in ODD:
            assert any(line.startswith(name) for line in shown), name
        assert "<script" not in text and "</script" not in text


# Large graphs -----------------------------------------------------------------------------------------------


def test_of_twelve_layers_the_first_and_the_last_are_drawn(deep: Derivation) -> None:
    drawn = quantities.drawing(deep)
    shown = [b.key for b in drawn.boxes if b.kind != "gap"]
    assert shown == ["x", "W1", "a1", "W2", "a2", "W12", "a12", "y", "L"]
    (gap,) = [b for b in drawn.boxes if b.kind == "gap"]
    assert words(gap.lines) == ["… 18 more …", "the same for ℓ = 3, …, 11"]
    assert {(a.source, a.target) for a in drawn.arrows if gap.key in (a.source, a.target)} == {
        ("a2", gap.key),
        (gap.key, "a12"),
    }
    _, _, wide, _ = map(float, re.search(r'viewBox="([^"]*)"', deep.to_svg())[1].split())  # type: ignore[index]
    assert wide <= svg.WIDEST + 30


def test_larger_ones_say_how_much_is_left_out(deep: Derivation) -> None:
    boxes = tuple(quantities._Picture(deep, 4).box(step) for step in deep.phase("forward"))
    whole = Drawing("", "", boxes, tuple(quantities._Picture(deep, 4).arrows()))
    short = shortening.shortened(whole, most=12)
    (gap,) = [b for b in short.boxes if b.kind == "gap"]
    assert len(short.boxes) <= 12
    assert words(gap.lines)[0] == f"… {len(whole.boxes) - len(short.boxes) + 1} more …"
    graph = nx.DiGraph((a.source, a.target) for a in short.arrows)
    assert nx.is_directed_acyclic_graph(graph)
    assert nx.has_path(graph, "x", "L")
    assert shortening.shortened(whole, most=len(whole.boxes)) == whole


def test_a_long_loop_is_shortened() -> None:
    def long(x: Any) -> Any:
        for _ in range(100):
            x = np.sin(x) + 1
        return x

    text = sd.trace(long, x="").to_svg()
    assert "more …" in text
    assert text.count('class="box') <= shortening.MOST


# Layers and text --------------------------------------------------------------------------------------------


def test_layers_follow_the_arrows_and_crossings_go() -> None:
    edges = {
        ("a", "z"): 0.0,
        ("b", "y"): 0.0,
        ("c", "x"): 0.0,
        ("x", "o"): 0.0,
        ("y", "o"): 0.0,
        ("z", "o"): 0.0,
    }
    found = layering.arranged(dict.fromkeys("abcxyzo", 30.0), edges, 500)
    place = {key: k for k, layer in enumerate(found.layers) for key in layer}
    assert all(place[a] < place[b] for a, b in edges)
    graph = nx.DiGraph(list(edges))
    assert layering.crossings([list(layer) for layer in found.layers], graph) == 0
    assert layering.crossings([list("abc"), list("xyz"), ["o"]], graph) == 3


def test_a_full_layer_takes_no_more() -> None:
    edges = {(key, "o"): 0.0 for key in "abcdef"}
    found = layering.arranged(dict.fromkeys("abcdefo", 100.0), edges, 330)
    assert max(len([key for key in layer if key in "abcdefo"]) for layer in found.layers) <= 3


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\frac{\partial L}{\partial W_{1}}", "∂L/∂W1"),
        (r"\frac{\left(y - \hat{y}\right)^{2}}{2}", "(y − ŷ)2/2"),
        (r"\frac{a + b}{2 n}", "(a + b)/(2 n)"),
        (r"W_{3}^{\top} \delta_{3} \odot \left(1 - a^{\odot 2}\right)", "W3T δ3 ⊙ (1 − a⊙2)"),
        (r"\sigma{\left(-z \right)}", "σ(−z)"),
        (r"\left\lVert E\right\rVert^{2}", "‖E‖2"),
        (r"\frac{\lVert a - y \rVert^{2}}{2}", "‖a − y‖2/2"),
        (r"\unknown{x}", "unknownx"),
        (r"\text{a\%b\_c}", "a%b_c"),
    ],
)
def test_formulas_on_one_line(latex: str, shown: str) -> None:
    text = "".join(piece.text for piece in typeset(latex))
    assert re.sub(r"\s+", " ", text).strip() == shown


def test_long_formulas_are_broken_before_operators() -> None:
    text = typeset(r"W_{1} x + b_{1} + \left(c - d\right) \odot e")
    lines = ["".join(piece.text for piece in line).strip() for line in wrapped(text, 12, 60)]
    assert len(lines) > 1
    assert all(width(line, 12) <= 60 or len(line) == 1 for line in wrapped(text, 12, 60)) or "(c" in " ".join(
        lines
    )
    assert not any(line.endswith(("+", "⊙")) for line in lines)
    assert wrapped(plain("x"), 12, 1) == (plain("x"),)


def test_pages_and_notebooks_show_the_graph_once(scalars: Derivation) -> None:
    for text in (scalars.to_html(), scalars._repr_html_()):
        assert text.count("<svg") == 1
        assert scalars.to_svg() in text
    assert "<svg" not in to_fragment(scalars)


def test_second_orders_show_their_first_backward_pass() -> None:
    steps = derive(two_paths, {"v1": 2.0, "v2": 0.5}, of="hvp", direction={"v1": 1.0, "v2": 0.0})
    drawn = quantities.drawing(steps)
    assert [b.key for b in drawn.boxes] == ["v1", "v2", "v3", "v5", "v6", "L"]
    assert label(drawn, "v3", "v6") == ["→ 1.683"]


def test_array_paths_stand_at_their_arrows_where_there_is_room() -> None:
    def shared(w: Any, x: Any) -> Any:
        a = w * x
        b = np.sin(a)
        return np.sum(a * b)

    drawn = quantities.drawing(derive(shared, {"w": "n", "x": "n"}, wrt="w"))
    assert label(drawn, "a", "L") == ["b"]
    assert words(box(drawn, "a").lines)[-1] == "∂L/∂a: 2 paths"

    def long(w: Any, x: Any) -> Any:
        a = w * x
        b = np.sin(a) * np.cos(a) ** 3 * np.exp(-a)
        return np.sum(a * b)

    drawn = quantities.drawing(derive(long, {"w": "n", "x": "n"}, wrt="w"))
    assert label(drawn, "a", "b") == []
    assert len(words(box(drawn, "a").lines)) > 3


def test_long_formulas_and_shapes_do_not_widen_a_picture() -> None:
    text = sd.trace(
        lambda x: np.sum((x[:, 1:] + x[:, :-1]) ** 2, axis=1), x="batch_size length_of_sequence"
    ).to_svg()
    assert float(ElementTree.fromstring(text).get("viewBox", "").split()[2]) <= svg.WIDEST
    word = plain("x" * 200)
    assert all(width(line, 12) <= 100 for line in wrapped(word, 12, 100))
    assert len(wrapped(word, 12, 100, 2)) == 2
    assert wrapped(word, 12, 100, 2)[-1][-1].text.endswith("…")
