"""Is what a derivation says true? Its last lines are judged as a claim, by roads that do not know the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symdiff.checking.checks import check
from symdiff.doors.inlining import inline, recording_of
from symdiff.errors import SymdiffError, explain
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Graph, Node
from symdiff.verdicts import Verdict

SECONDS = 20.0


Derived = Callable[[Mapping[str, Any]], tuple[Graph, Sequence[Node]]]


def verified(
    fn: Callable[..., Any],
    inputs: Mapping[str, Any],
    wrt: Sequence[str],
    derived: Derived,
    of: str = "gradient",
) -> Verdict:
    """The verdict on the derivatives of a derivation; raises if they are wrong, and nothing is printed.

    ``derived`` gives for inputs the graph of the derivation, whose inputs are those of ``fn`` and then the cotangent
    if the output is no number, or the directions of an ``hvp``, and the nodes of the derivatives by ``wrt``.
    """
    graph, _ = derived(inputs)
    is_scalar = graph.shape(graph.outputs[0]) == ()
    built: dict[tuple[str, ...], Graph] = {}

    def claim(*args: Any) -> Any:
        args = (*args[: len(inputs)], *_flat(args[len(inputs) :]))
        shapes = tuple(" ".join(map(str, np.shape(value))) for value in args[: len(inputs)])
        if shapes not in built:
            own, bars = derived(dict(zip(inputs, shapes, strict=True)))
            built[shapes] = replace(own, inputs=own.inputs[: len(args)], outputs=tuple(bars), results=None)
        recording = recording_of(args)
        graph = built[shapes]
        outputs = inline(graph, recording, args) if recording else compile_kernel(graph).flat(list(args))
        return tuple(outputs)

    claim.__name__ = f"derivation of {getattr(fn, '__name__', 'the function')}"
    asked: Any = ("hvp" if of == "hvp" else "gradient") if is_scalar else ("vjp" if of == "gradient" else of)
    verdict = check(fn, claim, dict(inputs), wrt=tuple(wrt), of=asked, timeout=SECONDS)
    if verdict.mistake is not None and verdict.mistake.kind in ("cancellation", "nan"):
        shapes = {name: " ".join(map(str, np.shape(value))) for name, value in inputs.items()}
        verdict = check(
            fn, claim, shapes, wrt=tuple(wrt), of=asked, timeout=SECONDS
        )  # apart from these floats
    if verdict.status == "refuted":
        facts: dict[str, object] = {"verdict": verdict.reason}
        raise SymdiffError(
            explain(f"explain({claim.__name__})", facts, "A rule is broken: report this function.")
        )
    return verdict


def _flat(extra: Sequence[Any]) -> list[Any]:
    """Directions stand in a tuple where there are several."""
    return [part for item in extra for part in (item if isinstance(item, tuple) else (item,))]


def is_checkable(graph: Graph, wrt: Sequence[str]) -> bool:
    """Whether all arguments are arrays of reals, and the targets among them."""
    reals = all(graph.store.kind(node) == "real" for node in graph.inputs)
    return reals and graph.arguments is not None and set(wrt) <= set(graph.input_names)
