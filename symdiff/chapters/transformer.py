"""How many tokens, attention entries and products has a Vision Transformer? Counted in graphs with symbolic sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp

from symdiff.chapters.judged import claims_table
from symdiff.chapters.marks import code, formula, words
from symdiff.chapters.pieces import Badge, Cell, Judgements, Table
from symdiff.chapters.sources import Examples
from symdiff.doors.tracing import name, trace
from symdiff.ir.graph import Graph, Node
from symdiff.ir.ops import Contract
from symdiff.ir.sizes import Shape, product, symbol
from symdiff.library.sheets import first_sentence, sheet_of
from symdiff.library.shelves import find

BLOCK = "transformer_block"
H, W, P, C, D, N = (symbol(letter) for letter in "HWPCDN")
B, HEADS, WIDTH, HIDDEN, RATIO = (symbol(letter) for letter in ("B", "h", "dh", "f", "r"))
ROWS, COLUMNS = symbol("a"), symbol("b")
EXAMPLE = {H: 224, W: 224, P: 16, C: 3, D: 192, HEADS: 3, RATIO: 4, B: 1}
FINER = 8  # the smaller patch of section 4.7
_DEPTHS = (1, 2, 3)
_RESULTS = {
    (B, N, HEADS * WIDTH): "queries, keys and values",
    (B, HEADS, N, N): "scores",
    (B, HEADS, N, WIDTH): "mixture of the values",
    (B, N, HIDDEN): "into the MLP",
}


def tokens(image: Any, grid: Any, E: Any, cls: Any, position: Any) -> Any:
    """The patches of an image as rows, projected to the width of the encoder, behind the class token."""
    rows, columns, side = grid.shape
    channels = image.shape[2]
    cut = image.reshape(rows, side, columns, side, channels).transpose(0, 2, 1, 3, 4)
    patches = name(cut.reshape(rows * columns, side * side * channels), "patches")
    return name(np.concatenate([cls[None], patches @ E + position]), "tokens")


def gather(examples: Examples) -> dict[str, Any]:
    """The content of the report on the Vision Transformer."""
    block = examples[BLOCK]
    graph = _block(block.module.block, block.module.PARAMETERS, block.module.SHAPES)
    patches, sequence = _tokens()
    count = sp.sympify(sequence[0], strict=True).subs({ROWS: H / P, COLUMNS: W / P})
    entries = HEADS * N**2
    at, finer = EXAMPLE, {**EXAMPLE, P: FINER}
    numbers = {"coarse": _numbers(count, at), "fine": _numbers(count, finer)}
    costs = list(_costs(graph))
    quadratic = sum((cost for _, _, cost in costs if sp.degree(cost, N) == 2), sp.Integer(0))
    mlp = sum((cost for _, _, cost in costs if cost.has(RATIO)), sp.Integer(0))
    examples.watch("attention")
    return {
        "summary": f"{numbers['coarse']['entries']:,} and {numbers['fine']['entries']:,} attention weights, from "
        "the shapes of the graph; the gradients of attention and of a whole block proved for every shape",
        "patches": sp.sympify(patches[0], strict=True).subs({ROWS: H / P, COLUMNS: W / P}),
        "flat": patches[1],
        "tokens": count,
        "entries": entries,
        **numbers,
        "size": {str(s): value for s, value in EXAMPLE.items()},
        "finer": FINER,
        "ratio": f"{numbers['fine']['entries'] / numbers['coarse']['entries']:.2f}",
        "modules": [(depth, modules(block.module, depth)) for depth in _DEPTHS],
        "costs": _table(costs, numbers),
        "quadratic": quadratic / B,
        "mlp": mlp / B,
        "cross": sp.solve(sp.Eq(quadratic, mlp), N)[0],
        "cross_at": int(sp.solve(sp.Eq(quadratic, mlp), N)[0].subs(EXAMPLE)),
        "share": {key: _share(quadratic, mlp, told["tokens"]) for key, told in numbers.items()},
        "held": (held := N * RATIO * D),
        "overtakes": sp.solve(sp.Eq(entries, held), N)[0],
        "overtakes_at": int(sp.solve(sp.Eq(entries, held), N)[0].subs(EXAMPLE)),
        "changes": _changes(count, quadratic, mlp),
        "attention": Judgements(sheet_of(find("scaled_dot_product_attention"))),
        "layers": _layers(),
        "claims": claims_table(block.claims),
    }


def _tokens() -> tuple[Shape, Shape]:
    graph = trace(tokens, image="a*P b*P C", grid="a b P", E="P*P*C D", cls="D", position="a*b D")
    return graph.shape(graph.node("patches")), graph.shape(graph.node("tokens"))


def _numbers(count: sp.Expr, at: Mapping[sp.Symbol, int]) -> dict[str, int]:
    n = int(count.subs(at))
    return {
        "patch": at[P],
        "patches": n - 1,
        "tokens": n,
        "entries": at[HEADS] * n**2,
        "head": at[D] // at[HEADS],
    }


# Products in the encoder ------------------------------------------------------------------------------------


def _block(fn: Any, names: tuple[str, ...], shapes: tuple[str, ...]) -> Graph:
    told = dict(zip(names, (shape.replace("n", "N") for shape in shapes), strict=True))
    return trace(fn, **told)


def _contractions(graph: Graph) -> Iterator[tuple[Node, Contract]]:
    """The products that sum over an axis: what costs multiplications and additions."""
    store = graph.store
    for node in sorted(store.ancestors(list(graph.outputs))):
        op = store.op(node)
        if isinstance(op, Contract) and len(op.inputs) > 1 and any(op.sizes[k] != 1 for k in op.summed):
            yield node, op


def _costs(graph: Graph) -> Iterator[tuple[str, Shape, sp.Expr]]:
    """Each product: what it gives, the shape of that, and its multiplications with h dh = D and f = r D."""
    for node, op in _contractions(graph):
        shape = graph.shape(node)
        size = sp.sympify(product(op.sizes), strict=True)
        cost = sp.expand(size.subs({WIDTH: D / HEADS, HIDDEN: RATIO * D}))
        usual = "out of the MLP" if cost.has(RATIO) else "out of the heads"
        yield _RESULTS.get(tuple(sp.sympify(s, strict=True) for s in shape), usual), shape, cost


def _table(costs: list[tuple[str, Shape, sp.Expr]], numbers: Mapping[str, Mapping[str, int]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for (label, shape, cost), number in Counter(costs).items():
        cost = number * cost
        at = [int((cost / B).subs({**EXAMPLE, N: told["tokens"]})) for told in numbers.values()]
        cells = (words(label), formula(_latex(*shape)), formula(_latex(cost / B)))
        rows.append((*cells, *(f"{value:,}" for value in at)))
    total = sp.Add(*(cost for _, _, cost in costs)) / B
    at = [int(total.subs({**EXAMPLE, N: told["tokens"]})) for told in numbers.values()]
    rows.append(("together", "", formula(_latex(sp.factor(total))), *(f"{value:,}" for value in at)))
    headings = (
        "product",
        "shape of the result",
        "multiplications",
        *(f"P = {t['patch']}" for t in numbers.values()),
    )
    return Table(headings, (0.2, 0.2, 0.27, 0.165, 0.165), tuple(rows))


def _latex(*sizes: Any) -> str:
    names = {WIDTH: "d_h"}
    return r" \times ".join(sp.latex(sp.sympify(size, strict=True), symbol_names=names) for size in sizes)


def _share(quadratic: sp.Expr, mlp: sp.Expr, count: int) -> str:
    return f"{float((mlp / quadratic).subs({**EXAMPLE, N: count})):.2f}"


def modules(module: Any, depth: int) -> int:
    """How many matrices of scores there are in a stack of ``depth`` blocks."""
    shapes = dict(zip(module.PARAMETERS, (s.replace("n", "N") for s in module.SHAPES), strict=True))

    def stack(*args: Any) -> Any:
        x, *weights = args
        for _ in range(depth):
            x = module.block(x, *weights)
        return x

    graph = trace(stack, *shapes.values())
    square = (B, HEADS, N, N)
    summed = [node for node, _ in _contractions(graph)]
    return sum(tuple(graph.shape(node)) == square for node in summed)


# What a change of the settings does -------------------------------------------------------------------------


def _changes(count: sp.Expr, quadratic: sp.Expr, mlp: sp.Expr) -> Table:
    """Table 4.1 in numbers: each setting doubled, the patch halved, at the example of section 4.7."""
    asked = (
        ("patch P halved", {P: EXAMPLE[P] // 2}),
        ("image H, W doubled", {H: 2 * EXAMPLE[H], W: 2 * EXAMPLE[W]}),
        ("width D doubled", {D: 2 * EXAMPLE[D]}),
        ("heads h doubled", {HEADS: 2 * EXAMPLE[HEADS]}),
        ("ratio r doubled", {RATIO: 2 * EXAMPLE[RATIO]}),
    )
    rows: list[tuple[Cell, ...]] = []
    before = _measures(count, quadratic, mlp, {})
    for label, change in asked:
        after = _measures(count, quadratic, mlp, change)
        rows.append((label, *(f"{b / a:.2f}" for a, b in zip(before, after, strict=True))))
    rows.append(("depth L doubled", "1.00", *["2.00"] * 3))
    headings = ("change", "tokens", "attention entries", "quadratic products", "MLP products")
    return Table(headings, (0.28, 0.14, 0.2, 0.2, 0.18), tuple(rows))


def _measures(
    count: sp.Expr, quadratic: sp.Expr, mlp: sp.Expr, change: Mapping[sp.Symbol, int]
) -> tuple[float, ...]:
    at = {**EXAMPLE, **change}
    n = int(count.subs(at))
    return n, at[HEADS] * n**2, float(quadratic.subs({**at, N: n})), float(mlp.subs({**at, N: n}))


def _layers() -> Table:
    """The first derivatives of whole layers, as the library has them."""
    rows: list[tuple[Cell, ...]] = []
    for label in ("multi_head_attention", "transformer_encoder_layer"):
        entry = find(label)
        for claim in entry.claims:
            if claim.order == 1:
                verdict = entry.judge(claim, claim.cases[0])
                told = words(first_sentence(claim.claim))
                rows.append((Badge(verdict.status), code(label), told, words(verdict.scope)))
    return Table(("verdict", "layer", "backward pass", "holds for"), (0.13, 0.27, 0.4, 0.2), tuple(rows))
