"""What is the same for every claim about one function? Probes, reference values and bounds of the latest questions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np

from symdiff.checking.options import Options
from symdiff.checking.questions import Question, leaf_values
from symdiff.evaluation.kernels import structure
from symdiff.ir.sizes import concrete

T = TypeVar("T")
_QUESTIONS = 8
_ENTRIES = 2_000  # of inputs and results: some megabytes at 200 probes

_shelves: OrderedDict[Hashable, Shelf] = OrderedDict()
_lock = threading.Lock()


class Shelf:
    """What was found for one question, whoever claimed something; nothing is kept without a place."""

    def __init__(self, *, keeps: bool = True) -> None:
        self._found: dict[Hashable, Any] | None = {} if keeps else None

    def get(self, name: Hashable, make: Callable[[], T]) -> T:
        """What is kept under a name, or made now; empty answers are not kept."""
        if self._found is None:
            return make()
        if name in self._found:
            found: T = self._found[name]
            return found
        made = make()
        if made is not None and not (isinstance(made, str) and not made):
            self._found[name] = made
        return made


NOTHING_KEPT = Shelf(keeps=False)


def shelf_of(question: Question, options: Options) -> Shelf:
    """The shelf of equal questions: the same graphs, examples, domain and seed, whatever is claimed."""
    truth = question.truth
    arrays = [concrete(truth.shape(n), "probe") for n in (*truth.inputs, *truth.outputs)]
    if sum(int(np.prod(shape)) for shape in arrays) > _ENTRIES:
        return NOTHING_KEPT
    key = _key(question, options)
    with _lock:
        found = _shelves.get(key)
        if found is None:
            found = _shelves[key] = Shelf()
            if len(_shelves) > _QUESTIONS:
                _shelves.popitem(last=False)
        _shelves.move_to_end(key)
    return found


def _key(question: Question, options: Options) -> Hashable:
    truth = question.truth
    both = structure(truth.with_outputs((*truth.outputs, *question.forward.outputs)))
    asked = (question.of, question.wrt, question.targets, question.many, truth.inputs, truth.outputs)
    chosen = (repr(options.domain), options.convention, options.dtype, options.examples, options.seed)
    return (both, asked, tuple(map(_content, leaf_values(question))), chosen)


def _content(value: Any) -> Hashable:
    array = np.asarray(value)
    return type(value), array.dtype.str, array.shape, array.tobytes()
