"""What does foreign code return? It is called with copies, and its habits are watched."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

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
                result = self.question.claim(*self._arguments(given))
        except Exception as error:  # foreign code: anything may come
            return Answer(error=error)
        leaves = self._leaves(result)
        arrays = tuple(self._array(leaf) for leaf in leaves)
        self._watch(values, given, leaves)
        return Answer(arrays)

    def _arguments(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        forward = self.question.forward
        count = len(forward.inputs)
        tree = forward.arguments or Tree("tuple", (LEAF,) * count)
        arguments = tuple(tree.build(leaves[:count]))
        if self.question.extra is None:
            return arguments
        return (*arguments, extra_tree(self.question).build(leaves[count:]))

    def _leaves(self, result: Any) -> list[Any]:
        question = self.question
        wanted = question.truth.shape(question.truth.outputs[0])
        if len(question.targets) == 1 and isinstance(result, (list, tuple)) and _shape(result) == wanted:
            return [result]
        return flat_claim(question, result)

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
        value = value.toarray()  # type: ignore[attr-defined]
    try:
        return np.array(value)
    except ValueError as error:
        facts: dict[str, object] = {"returned": type(value).__name__, "problem": error}
        raise InputError(explain("claim", facts, "Return an array of real numbers.")) from None


def _shape(value: Any) -> tuple[int, ...] | None:
    try:
        return tuple(np.shape(value))
    except ValueError:
        return None
