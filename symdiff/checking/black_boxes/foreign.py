"""What does foreign code return? It is called with copies, and its habits are watched."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from symdiff.checking.arguments import claim_call, spread
from symdiff.checking.questions import Question, extra_tree, flat_claim
from symdiff.errors import DtypeError, InputError, explain
from symdiff.ir.trees import LEAF, Tree

Array = NDArray[Any]


@dataclass(frozen=True)
class Answer:
    """The claim's arrays, one for each target, or the exception that it raised."""

    arrays: tuple[Array, ...] = ()
    error: Exception | None = None


@dataclass
class Foreign:
    """A claim that can only be called; ``habits`` are what was noticed about it on the way."""

    question: Question
    habits: dict[str, None] = field(default_factory=dict)

    def __call__(self, values: Sequence[Any]) -> Answer:
        """The claim's answer for values of the truth's inputs, in order."""
        given = [v.copy() if isinstance(v, np.ndarray) else v for v in values]
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                args, kwargs = self._arguments(given)
                result = self.question.claim(*args, **kwargs)
        except Exception as error:  # foreign code: anything may come
            return Answer(error=error)
        leaves = flat_claim(self.question, result)
        arrays = tuple(self._array(leaf) for leaf in leaves)
        self._watch(values, given, leaves)
        return Answer(arrays)

    def _arguments(self, leaves: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        question, forward = self.question, self.question.forward
        count = len(forward.inputs)
        tree = forward.arguments or Tree("tuple", (LEAF,) * count, forward.input_names)
        examples = dict(zip(tree.keys, tree.build(leaves[:count]), strict=True))
        pairs = spread(question.fn, examples)
        if question.extra is not None:
            pairs.append((question.extra, extra_tree(question).build(leaves[count:])))
        return claim_call(question.claim, pairs)

    def _array(self, value: Any) -> Array:
        array = _plain(value)
        if array.dtype.kind not in "biuf":
            facts: dict[str, object] = {"returned": type(value).__name__, "dtype": array.dtype}
            raise DtypeError(
                explain(f"claim {self.question.title}", facts, "Return an array of real numbers.")
            )
        return array

    def _watch(self, values: Sequence[Any], given: Sequence[Any], leaves: Sequence[Any]) -> None:
        for name, before, after in zip(self.question.truth.input_names, values, given, strict=True):
            if not isinstance(after, np.ndarray):
                continue
            if not np.array_equal(before, after, equal_nan=after.dtype.kind == "f"):
                self.habits[f"it writes into its argument {name}"] = None
            if any(isinstance(leaf, np.ndarray) and np.shares_memory(leaf, after) for leaf in leaves):
                self.habits[f"it returns a view of its argument {name}"] = None


def _plain(value: Any) -> Array:
    """A copy as a NumPy array: of a list, a sparse matrix, a tensor of torch or JAX."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        try:
            value = value.numpy()
        except TypeError:  # bfloat16 has no NumPy dtype
            value = value.float().numpy()
    if scipy.sparse.issparse(value):
        value = value.toarray()
    try:
        return np.array(value)
    except ValueError as error:
        facts: dict[str, object] = {"returned": type(value).__name__, "problem": error}
        raise InputError(explain("claim", facts, "Return an array of real numbers.")) from None
