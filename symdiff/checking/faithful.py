"""Is the traced graph really the function? Its kernel is compared with the plain callable on real arrays.

At the caller's examples and at a few other points: a wrong trace may agree with the function at zeros.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from symdiff.checking.arguments import claim_call, plain_call, split_call, spread
from symdiff.checking.black_boxes.accuracy import bound
from symdiff.checking.questions import Question, claim_examples, extra_tree, flat_claim, leaf_values
from symdiff.checking.wording import called
from symdiff.errors import DtypeError, ImpureFunction, explain
from symdiff.evaluation.kernels import compile as compile_kernel
from symdiff.ir.graph import Graph
from symdiff.ir.trees import flatten

_LOOSE = {8: 1e-6, 4: 1e-3, 2: 1e-1}  # by bytes: a wrong trace is wrong altogether; rounding stays far below
_SECONDS = 0.03  # for the points beside the example
_PATTERNS = (
    (0.7317, -1.2893, 2.9171, -0.4139, 1.6127),
    (0.3129, 1.7383, 0.9371, 2.6419, 0.1733),
    (12.5311, -31.0773, 7.2519, -18.6157, 40.3391),
    (1037.13, 211.77, -5203.91, 88.37, -719.53),
)

Call = Callable[[Sequence[Any]], list[Any]]


def require_faithful(question: Question) -> None:
    """Raise if the function does not do what its graph says."""
    plain_call(question.fn, question.examples)

    def call(leaves: Sequence[Any]) -> list[Any]:
        args, kwargs = split_call(question.fn, _examples(question, leaves))
        return _leaves(question.fn(*args, **kwargs))

    difference = _difference(call, question.forward, leaf_values(question))
    if isinstance(difference, DtypeError):
        raise difference
    if difference is not None:
        facts: dict[str, object] = {"function": difference[0], "graph": difference[1]}
        mend = "Remove randomness, hidden state and dependence on types or values from the function."
        text = f"trace({called(question.fn, 'fn')}): the graph and the function differ"
        raise ImpureFunction(explain(text, facts, mend))


def claim_is_faithful(question: Question) -> str:
    """Empty if the claim's graph does what the claim does; otherwise why not."""
    assert question.claimed is not None
    graph = question.truth.with_outputs(question.claimed)
    leaves, own = leaf_values(question), len(question.forward.inputs)
    if question.extra is not None:
        tree = extra_tree(question)
        leaves += [_moved(leaf, _UNEVEN, 0) for leaf in tree.leaves(claim_examples(question)[-1][1])]

    def call(values: Sequence[Any]) -> list[Any]:
        pairs = spread(question.fn, _examples(question, values[:own]))
        if question.extra is not None:
            pairs.append((question.extra, tree.build(values[own:])))
        args, kwargs = claim_call(question.claim, pairs)
        return flat_claim(question, question.claim(*args, **kwargs))

    try:
        difference = _difference(call, graph, leaves)
    except Exception as error:  # foreign code, which judges of black boxes know how to call
        return f"it raises {type(error).__name__} where its graph has a value"
    if isinstance(difference, DtypeError):
        return "it returns complex numbers"
    return (
        "" if difference is None else f"its graph gives {difference[1]} where the claim gives {difference[0]}"
    )


_UNEVEN = (1.0, -0.5, 0.75, 2.0, -1.25)


def _examples(question: Question, leaves: Sequence[Any]) -> dict[str, Any]:
    tree = question.forward.arguments
    assert tree is not None
    return dict(zip(tree.keys, tree.build(leaves), strict=True))


def _moved(leaf: Any, pattern: Sequence[float], start: int) -> Any:
    """Another value of the same type; integers and booleans stay, for they may be positions."""
    if isinstance(leaf, (bool, int, np.integer, np.bool_)) or np.asarray(leaf).dtype.kind != "f":
        return leaf
    turning = (np.arange(np.size(leaf)) + start) % len(pattern)
    values = np.array(pattern)[turning].reshape(np.shape(leaf))
    if isinstance(leaf, np.ndarray):
        return values.astype(leaf.dtype)
    return type(leaf)(values)


def _points(leaves: Sequence[Any]) -> Iterator[list[Any]]:
    """The example, then others for as long as it costs little."""
    yield list(leaves)
    until = perf_counter() + _SECONDS
    for pattern in _PATTERNS:
        if perf_counter() > until:
            return
        yield [_moved(leaf, pattern, k) for k, leaf in enumerate(leaves)]


def _leaves(value: Any) -> list[Any]:
    return [leaf for _, leaf in flatten(value, "", lambda v: not isinstance(v, (tuple, list, dict)))[0]]


def _difference(call: Call, graph: Graph, leaves: Sequence[Any]) -> tuple[Any, Any] | DtypeError | None:
    """The first entry in which a callable and a graph differ, where the callable has a value."""
    kernel = compile_kernel(graph)
    for number, point in enumerate(_points(leaves)):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                plain = call(copy.deepcopy(point))
            except Exception:
                if number == 0:
                    raise
                continue
            if any(np.iscomplexobj(value) for value in plain):
                if number == 0:
                    return _complex_result()
                continue
            found = _difference_at(plain, kernel.flat(copy.deepcopy(point)), graph, point)
        if found is not None:
            return found
    return None


def _complex_result() -> DtypeError:
    facts: dict[str, object] = {
        "returned": "complex numbers",
        "why": "a power of a negative number",
    }
    return DtypeError(
        explain(
            "the function at your inputs",
            facts,
            "Give inputs where it is real, or a domain= that excludes these.",
        )
    )


def _difference_at(
    plain: list[Any], traced: list[Any], graph: Graph, point: Sequence[Any]
) -> tuple[Any, Any] | None:
    sizes = [np.asarray(leaf).dtype.itemsize for leaf in point if np.asarray(leaf).dtype.kind == "f"]
    bytes_ = min(8, *sizes, 8)
    loose, dtype = _LOOSE.get(bytes_, 1e-1), np.dtype(f"f{bytes_}")
    for k, (left, right) in enumerate(zip(plain, traced, strict=True)):
        a, b = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
        if a.shape != b.shape:
            return f"shape {a.shape}", f"shape {b.shape}"
        both = np.isfinite(a) & np.isfinite(b)
        scale = np.max(np.abs(np.where(both, a, 0)), initial=0.0)
        off = both & (np.abs(np.where(both, a - b, 0)) > loose * (np.abs(np.where(both, a, 0)) + scale))
        if off.any():  # what rounding explains is no difference: a sum may cancel to nothing
            _, errors = bound(
                graph.store, [graph.outputs[k]], dict(zip(graph.inputs, point, strict=True)), dtype
            )
            off &= ~(np.abs(a - b) <= 2 * errors[0])
        if off.any():
            place = tuple(int(k) for k in np.argwhere(off)[0])
            return a[place], b[place]
    return None
