"""What does foreign code return? It is called with copies, and its habits are watched."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from symdiff.checking.arguments import claim_call, spread
from symdiff.checking.questions import Question, extra_tree, wanted
from symdiff.checking.results import VALUES
from symdiff.errors import DtypeError, InputError, explain
from symdiff.ir.trees import LEAF, Tree

Array = NDArray[Any]

_SHORT = 2**14
_SINGLE = "its numbers are those of float32"
_WATCHED = 12  # calls after which the habits of a claim are known


@dataclass(frozen=True)
class Answer:
    """The claim's arrays, one for each target, or the exception that it raised."""

    arrays: tuple[Array, ...] = ()
    error: Exception | None = None


@contextmanager
def quiet() -> Iterator[None]:
    """Foreign code may warn as it likes."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True)
class _Slot:
    """The place of one input among the arguments of a call."""

    number: int


class Foreign:
    """A claim that can only be called; ``habits`` are what was noticed about it on the way."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.habits: dict[str, None] = {}
        self._wanted = wanted(question)
        self._watched = 0
        self._is_single: bool | None = None
        args, kwargs = self._arguments([_Slot(k) for k in range(len(question.truth.inputs))])
        places = [value.number for value in args if isinstance(value, _Slot)]
        self._places = places if len(places) == len(args) and not kwargs else None

    def __call__(self, values: Sequence[Any]) -> Answer:
        """The claim's answer for values of the truth's inputs, in order."""
        with quiet():
            return self.answer(values)

    def answer(self, values: Sequence[Any]) -> Answer:
        """The same where warnings are off already."""
        given = [v.copy() if isinstance(v, np.ndarray) else v for v in values]
        try:
            if self._places is not None:
                result = self.question.claim(*[given[k] for k in self._places])
            else:
                args, kwargs = self._arguments(given)
                result = self.question.claim(*args, **kwargs)
        except Exception as error:  # foreign code: anything may come
            return Answer(error=error)
        leaves = self._leaves(result)
        arrays = tuple([self._array(leaf) for leaf in leaves])
        if self._is_single is not False:
            arrays = self._as_computed(arrays)
        if self._watched < _WATCHED:
            self._watched += 1
            self._watch(values, given, leaves)
        return Answer(arrays)

    def _as_computed(self, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        """The answer in single precision, if all answers were such numbers so far."""
        found = precision(arrays)
        if found != "short":
            self._is_single = found == "single"
        if not self._is_single:
            self.habits.pop(_SINGLE, None)
            return arrays
        self.habits[_SINGLE] = None
        return tuple([array.astype(np.float32) for array in arrays])

    def _leaves(self, result: Any) -> list[Any]:
        """One item for each target; arrays of the right shapes in a plain tuple need no matching."""
        tree, shapes = self._wanted.tree, self._wanted.shapes
        if tree == LEAF and type(result) is np.ndarray:
            return [result]
        is_plain = type(result) is tuple and tree.form == "tuple" and len(tree.children) == len(shapes)
        if is_plain and [value.shape for value in result if type(value) is np.ndarray] == list(shapes):
            return list(result) if len(result) == len(shapes) else self._wanted.items(result, VALUES)
        return self._wanted.items(result, VALUES)

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
        array = value.copy() if type(value) is np.ndarray else _plain(value)
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


def precision(arrays: Sequence[Array]) -> str:
    """Whether doubles hold numbers of single precision only, as from JAX; short numbers may come from any.

    >>> third = np.array([1 / 3])
    >>> precision([third]), precision([third.astype(np.float32).astype(float)]), precision([np.ones(1)])
    ('double', 'single', 'short')
    """
    with np.errstate(all="ignore"):
        for array in arrays:
            if array.dtype != np.float64 or (array.size and np.float32(first := array.item(0)) != first):
                return "double"
        if not all(np.array_equal(array.astype(np.float32), array) for array in arrays):
            return "double"
        is_long = any(bool(np.any(np.frexp(array)[0] * _SHORT % 1)) for array in arrays)
    return "single" if is_long else "short"


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
