"""How do products of arrays act on nodes? All are one contraction; only its labels differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from symdiff.doors.dispatching import rule
from symdiff.doors.functions.reductions import one_axis
from symdiff.doors.lifting import promote, real
from symdiff.doors.places import complain
from symdiff.doors.recording import Recording
from symdiff.doors.tensors import Tensor
from symdiff.errors import LabelError, ShapeError
from symdiff.ir import algebra as alg
from symdiff.ir.graph import Node
from symdiff.ir.ops import Labels
from symdiff.ir.sizes import Size, same, text


def contraction(
    recording: Recording,
    call: str,
    factors: Sequence[tuple[Node, Labels]],
    output: Labels,
    dtype: np.dtype[Any],
) -> Tensor:
    """A contraction whose labels must have one size each, where 1 stretches only among batch labels."""
    sizes: dict[int, Size] = {}
    shapes = [recording.store.shape(node) for node, _ in factors]
    for shape, (_, labels) in zip(shapes, factors, strict=True):
        for label, size in zip(labels, shape, strict=True):
            if not same(sizes.setdefault(label, size), size):
                facts: dict[str, object] = {f"operand{k}": text(s) for k, s in enumerate(shapes)}
                facts["sizes"] = f"{sizes[label]} and {size}"
                complain(
                    ShapeError,
                    call,
                    facts,
                    "These sizes are summed together: transpose or reshape one operand.",
                )
    number = {label: k for k, label in enumerate(sizes)}  # views inside use negative labels of their own
    renamed = [(node, tuple(number[k] for k in labels)) for node, labels in factors]
    return Tensor(recording, alg.contract(recording.store, renamed, tuple(number[k] for k in output)), dtype)


@rule(np.matmul)
def matmul(recording: Recording, left: Any, right: Any) -> Tensor:
    """``a @ b``, with leading axes broadcast."""
    store = recording.store
    a, b = real(recording, left), real(recording, right)
    rank_a, rank_b = len(store.shape(a)), len(store.shape(b))
    if not (rank_a and rank_b):
        complain(
            ShapeError, "a @ b", {"a": text(store.shape(a)), "b": text(store.shape(b))}, "Use * for a number."
        )
    batch = max(rank_a, rank_b) - 2
    shared, row, column = -1, -2, -3
    labels_a = (*range(batch - rank_a + 2, batch), row, shared) if rank_a > 1 else (shared,)
    labels_b = (*range(batch - rank_b + 2, batch), shared, column) if rank_b > 1 else (shared,)
    output = (*range(batch), *((row,) if rank_a > 1 else ()), *((column,) if rank_b > 1 else ()))
    factors = _stretched(recording, [(a, labels_a), (b, labels_b)], range(batch))
    return contraction(recording, "a @ b", factors, output, promote(left, right))


def _stretched(
    recording: Recording, factors: list[tuple[Node, Labels]], among: Collection[int]
) -> list[tuple[Node, Labels]]:
    """Drop axes of length 1, of these labels, that another factor has longer."""
    store = recording.store
    longest: dict[int, Size] = {}
    for node, labels in factors:
        for label, size in zip(labels, store.shape(node), strict=True):
            if longest.get(label, 1) == 1:
                longest[label] = size
    result = []
    for node, labels in factors:
        shape = store.shape(node)
        drop = [k for k, n in enumerate(labels) if n in among and shape[k] == 1 and longest[n] != 1]
        result.append(
            (alg.reduce_sum(store, node, drop), tuple(n for k, n in enumerate(labels) if k not in drop))
        )
    return result


@rule(np.dot)
def dot(recording: Recording, a: Any, b: Any) -> Any:
    """The last axis of a with the last but one of b."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    left, right = real(recording, a), real(recording, b)
    labels_a = tuple(range(np.ndim(a)))
    shared = labels_a[-1]
    labels_b = [len(labels_a) + k for k in range(np.ndim(b))]
    labels_b[max(np.ndim(b) - 2, 0)] = shared
    output = (*labels_a[:-1], *(k for k in labels_b if k != shared))
    return contraction(
        recording, "np.dot(a, b)", [(left, labels_a), (right, tuple(labels_b))], output, promote(a, b)
    )


@rule(np.inner)
def inner(recording: Recording, a: Any, b: Any) -> Any:
    """The last axis of a with the last of b."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return tensordot(recording, a, b, ([-1], [-1]), "np.inner(a, b)")


@rule(np.outer)
def outer(recording: Recording, a: Any, b: Any) -> Tensor:
    """All products of an entry of a and an entry of b."""
    left, right = real(recording, np.ravel(a)), real(recording, np.ravel(b))
    return contraction(recording, "np.outer(a, b)", [(left, (0,)), (right, (1,))], (0, 1), promote(a, b))


@rule(np.vdot)
def vdot(recording: Recording, a: Any, b: Any) -> Tensor:
    """The sum of the products of all entries."""
    left, right = real(recording, np.ravel(a)), real(recording, np.ravel(b))
    return contraction(recording, "np.vdot(a, b)", [(left, (0,)), (right, (0,))], (), promote(a, b))


@rule(np.tensordot)
def tensordot(
    recording: Recording, a: Any, b: Any, axes: Any = 2, call: str = "np.tensordot(a, b)"
) -> Tensor:
    """The sum over given pairs of axes."""
    rank_a, rank_b = np.ndim(a), np.ndim(b)
    if hasattr(axes, "__index__"):
        axes = (range(rank_a - axes, rank_a), range(axes))
    pairs = [[k] if hasattr(k, "__index__") else list(k) for k in axes]
    labels_a = list(range(rank_a))
    labels_b = list(range(rank_a, rank_a + rank_b))
    for one, other in zip(*pairs, strict=True):
        labels_b[one_axis(other, rank_b)] = one_axis(one, rank_a)
    output = tuple(k for k in labels_a + labels_b if (k in labels_a) != (k in labels_b))
    factors = [(real(recording, a), tuple(labels_a)), (real(recording, b), tuple(labels_b))]
    return contraction(recording, call, factors, output, promote(a, b))


@rule(np.kron)
def kron(recording: Recording, a: Any, b: Any) -> Any:
    """Blocks of b, one for each entry of a."""
    rank = max(np.ndim(a), np.ndim(b))
    a = np.reshape(a, (1,) * (rank - np.ndim(a)) + np.shape(a))
    b = np.reshape(b, (1,) * (rank - np.ndim(b)) + np.shape(b))
    left, right = real(recording, a), real(recording, b)
    evens, odds = tuple(range(0, 2 * rank, 2)), tuple(range(1, 2 * rank, 2))
    factors = [(left, evens), (right, odds)]
    blocks = contraction(recording, "np.kron(a, b)", factors, tuple(range(2 * rank)), promote(a, b))
    return np.reshape(blocks, tuple(n * m for n, m in zip(np.shape(a), np.shape(b), strict=True)))


@rule(np.trace)
def trace(recording: Recording, a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    """The sum of a diagonal."""
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1)


@rule(np.einsum)
def einsum(recording: Recording, subscripts: str, *arrays: Any, **_: Any) -> Tensor:
    """Einstein's notation, with ``...`` and without ``->``, as in NumPy."""
    if not isinstance(subscripts, str):
        complain(
            LabelError, "np.einsum", {"subscripts": type(subscripts).__name__}, "Write them as a string."
        )
    nodes = [real(recording, array) for array in arrays]
    factors, output = _read_subscripts(recording, subscripts, nodes)
    call = f"np.einsum({subscripts!r})"
    every = {label for _, labels in factors for label in labels}
    return contraction(recording, call, _stretched(recording, factors, every), output, promote(*arrays))


def _read_subscripts(
    recording: Recording, subscripts: str, nodes: list[Node]
) -> tuple[list[tuple[Node, Labels]], Labels]:
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    letters = sorted({c for c in left if c.isalpha()})
    if len(terms) != len(nodes) or not set(left) <= {*letters, ",", "."}:
        facts: dict[str, object] = {"terms": len(terms), "operands": len(nodes)}
        complain(
            LabelError, f"np.einsum({subscripts!r})", facts, "Write one term for each operand, letters only."
        )
    ranks = [len(recording.store.shape(node)) for node in nodes]
    extra = max(
        (rank - len(t.replace("...", "")) for rank, t in zip(ranks, terms, strict=True) if "..." in t),
        default=0,
    )
    if not arrow:
        once = "".join(c for c in letters if left.count(c) == 1)
        right = ("..." if "..." in left else "") + once
    number = {c: -1 - k for k, c in enumerate(letters)}
    if any(c not in number for c in right.replace("...", "")):
        complain(
            LabelError, f"np.einsum({subscripts!r})", {"output": right}, "Use labels that an operand has."
        )
    factors = []
    for node, term, rank in zip(nodes, terms, ranks, strict=True):
        count = rank - len(term.replace("...", "")) if "..." in term else 0
        labels = _labels(term, number, range(extra - count, extra))
        if len(labels) != rank:
            facts = {"term": term, "operand": text(recording.store.shape(node))}
            complain(LabelError, f"np.einsum({subscripts!r})", facts, "Write one letter for each axis.")
        factors.append((node, labels))
    return factors, _labels(right, number, range(extra))


def _labels(term: str, number: dict[str, int], dots: range) -> Labels:
    before, _, after = term.partition("...")
    middle = tuple(dots) if "..." in term else ()
    return (*(number[c] for c in before), *middle, *(number[c] for c in after))
