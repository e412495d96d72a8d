"""Is the traced graph really the function? Its kernel is compared with the plain callable on real arrays."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from symdiff.checking.black_boxes.accuracy import bound
from symdiff.checking.questions import (
    Question,
    claim_examples,
    extra_tree,
    flat_claim,
    leaf_values,
    split_call,
)
from symdiff.checking.wording import called
from symdiff.errors import ImpureFunction, explain
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Graph
from symdiff.ir.trees import flatten

_LOOSE = 1e-6  # a wrong trace is wrong altogether; rounding of any order stays far below


def require_faithful(question: Question) -> None:
    """Raise if the function does not do what its graph says at the examples."""
    args, kwargs = split_call(question.fn, question.examples)
    call = partial(question.fn, **copy.deepcopy(kwargs))
    difference = _difference(call, list(args), question.forward, leaf_values(question))
    if difference is not None:
        facts: dict[str, object] = {"function": difference[0], "graph": difference[1]}
        mend = "Remove randomness, hidden state and dependence on types or values from the function."
        raise ImpureFunction(explain(f"trace({called(question.fn, 'fn')}): the graph and the function differ", facts, mend))


def claim_is_faithful(question: Question) -> str:
    """Empty if the claim's graph does what the claim does at the examples; otherwise why not."""
    assert question.claimed is not None
    graph = question.truth.with_outputs(question.claimed)
    call = claim_examples(question)
    leaves = leaf_values(question)
    if question.extra is not None:
        call[-1] = _uneven(call[-1])
        leaves += extra_tree(question).leaves(call[-1])
    difference = _difference(question.claim, call, graph, leaves, lambda value: flat_claim(question, value))
    return "" if difference is None else f"its graph gives {difference[1]} where the claim gives {difference[0]}"


def _uneven(value: Any) -> Any:
    """A cotangent or direction of short numbers; ones would hide much (the pullback of a softmax is then zero)."""
    if isinstance(value, (tuple, list)):
        return type(value)(_uneven(v) for v in value)
    if isinstance(value, dict):
        return {k: _uneven(v) for k, v in value.items()}
    return np.resize([1.0, -0.5, 0.75, 2.0, -1.25], value.shape) if isinstance(value, np.ndarray) else 1.0


def _leaves(value: Any) -> list[Any]:
    return [leaf for _, leaf in flatten(value, "", lambda v: not isinstance(v, (tuple, list, dict)))[0]]


def _difference(
    fn: Callable[..., Any],
    call: list[Any],
    graph: Graph,
    leaves: list[Any],
    outputs: Callable[[Any], list[Any]] = _leaves,
) -> tuple[Any, Any] | None:
    """The first entry in which a callable and a graph differ at some arguments."""
    with np.errstate(all="ignore"):
        plain = outputs(fn(*copy.deepcopy(call)))
        traced = compile_kernel(graph).flat(leaves)
    for k, (left, right) in enumerate(zip(plain, traced, strict=True)):
        a, b = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
        if a.shape != b.shape:
            return f"shape {a.shape}", f"shape {b.shape}"
        scale = np.max(np.abs(np.where(np.isfinite(a), a, 0)), initial=0.0)
        both = np.isfinite(a) & np.isfinite(b)
        off = both & (np.abs(np.where(both, a - b, 0)) > _LOOSE * (np.abs(np.where(both, a, 0)) + scale))
        if off.any():  # what rounding explains is no difference: a sum may cancel to nothing
            _, errors = bound(graph.store, [graph.outputs[k]], dict(zip(graph.inputs, leaves, strict=True)), np.float64)
            off &= ~(np.abs(a - b) <= 2 * errors[0])
        if off.any():
            place = tuple(int(k) for k in np.argwhere(off)[0])
            return a[place], b[place]
    return None
