"""What is the product of a Hessian with a direction, in the two examples of section 2.11, and what does it cost?"""

from __future__ import annotations

from typing import Any

import numpy as np

from symdiff.chapters.judged import claims_table, proved
from symdiff.chapters.marks import counted
from symdiff.chapters.pieces import Steps, Values
from symdiff.chapters.sources import Example, Examples
from symdiff.checking.printed import Printed
from symdiff.derivations.deriving import derive
from symdiff.derivations.steps import Derivation
from symdiff.doors.tracing import trace
from symdiff.functions import grad, hvp
from symdiff.ir.graph import Graph
from symdiff.ir.ops import Input, Literal, Named

QUADRATIC, LINEAR = "ex_2_11_1_quadratic", "ex_2_11_2_linear_hvp"
NAMES = ("w1", "b1", "w2", "b2", "w3", "b3")


def gather(examples: Examples) -> dict[str, Any]:
    """The content of the report on second order."""
    quadratic, linear = examples[QUADRATIC], examples[LINEAR]
    every = (*quadratic.claims, *linear.claims)
    return {
        "summary": f"{proved(every)} of {counted(len(every), 'claim')} proved",
        "quadratic_claims": claims_table(quadratic.claims),
        "quadratic_printed": len(quadratic.printed),
        "quadratic_values": Values(quadratic.printed),
        "linear_claims": claims_table(linear.claims),
        "quadratic_steps": Steps(_quadratic(quadratic)),
        "linear_steps": Steps(_linear(linear)),
        "proved": proved((*quadratic.claims, *linear.claims)),
        "number": len(quadratic.claims) + len(linear.claims),
        "parameters": len(NAMES),
        **_costs(linear),
    }


def three_layers(x: Any, w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any, y: Any) -> Any:
    """The network of section 2.11.2, whose activations are the identity."""
    a1 = w1 * x + b1
    a2 = w2 * a1 + b2
    y_hat = w3 * a2 + b3
    L = (y_hat - y) ** 2 / 2
    return L  # noqa: RET504  (the name is shown)


def polynomial(w1: Any, w2: Any) -> Any:
    """The quadratic of section 2.11.1."""
    f = w1**2 + 3 * w1 * w2 + 2 * w2**2
    return f  # noqa: RET504  (the name is shown)


def _quadratic(example: Example) -> Derivation:
    """The four steps at the point of the example, and what the notes print of the product."""
    at, along = (
        dict(zip(("w1", "w2"), map(float, told), strict=True))
        for told in (example.module.INPUTS["w"], example.module.U)
    )
    (told,) = (item.found.table["Hu"] for item in example.found.tables if isinstance(item.found, Printed))
    printed = {f"Hu_{name}": text for name, text in zip(at, told, strict=True)}
    return derive(polynomial, at, tuple(at), printed=printed, of="hvp", direction=along)


def _linear(example: Example) -> Derivation:
    """The four steps with the numbers of the example, parameter by parameter."""
    inputs = example.module.INPUTS
    named, along = (
        dict(zip(NAMES, map(float, told), strict=True)) for told in (inputs["theta"], example.module.U)
    )
    at = {"x": inputs["x"], **named, "y": inputs["y"]}
    return derive(three_layers, at, NAMES, of="hvp", direction=along)


def _costs(linear: Example) -> dict[str, Any]:
    """Operations of the loss, its gradient and one Hessian-vector product, counted in their graphs."""
    loss, inputs = linear.module.loss, linear.module.INPUTS
    shapes = {"theta": np.zeros(len(NAMES)), "x": inputs["x"], "y": inputs["y"]}
    graphs = {
        "loss": trace(loss, **shapes),
        "gradient": trace(grad(loss, wrt="theta"), **shapes),
        "product": trace(hvp(loss, wrt="theta"), *shapes.values(), linear.module.U),
    }
    return {f"operations_{name}": operations(graph) for name, graph in graphs.items()}


def operations(graph: Graph) -> int:
    """How many operations a graph has that its outputs need."""
    store = graph.store
    needed = store.ancestors(list(graph.outputs))
    return sum(not isinstance(store.op(node), (Input, Literal, Named)) for node in needed)
