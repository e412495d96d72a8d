"""How does a graph read in LaTeX? One equation for each quantity that has a name, and for each output."""

from __future__ import annotations

from symdiff.derivations.writing.notation import Equation, Notation
from symdiff.derivations.writing.symbols import Symbol
from symdiff.ir.graph import Graph
from symdiff.ir.ops import Named


def to_latex(graph: Graph) -> str:
    r"""The named quantities and the outputs of a graph as equations, for any shape.

    A single formula stands for itself; several are aligned, which needs ``amsmath``.

    >>> import symdiff as sd
    >>> sd.trace(lambda W, x: W @ x, "m n", "n").to_latex()
    'W x'
    """
    told = equations(graph)
    if len(told) == 1 and not told[0].left:
        return told[0].right
    rows = (rf"{e.left} &= {e.right}" if e.left else f"& {e.right}" for e in told)
    return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}"


def equations(graph: Graph) -> tuple[Equation, ...]:
    """One for each quantity; an output without a name has no left side."""
    store = graph.store
    names = dict(zip(graph.inputs, graph.input_names, strict=True))
    names |= {node: op.name for node in graph.nodes if isinstance(op := store.op(node), Named)}
    notation = Notation(store, {node: Symbol(name) for node, name in names.items()})
    result = Symbol(next(name for name in ("y", "f", "result", "outcome") if name not in names.values()))
    found = []
    for node in graph.nodes:
        if isinstance(op := store.op(node), Named):
            found.append(notation.equation(Symbol(op.name), [store.operands(node)[0]]))
    for node in graph.outputs:
        if node not in names:
            told = notation.equation(result, [node])
            found.append(Equation("" if told.left == result.plain else told.left, told.right))
        elif not isinstance(store.op(node), Named):
            found.append(Equation("", Symbol(names[node]).plain))
    return tuple(found)
