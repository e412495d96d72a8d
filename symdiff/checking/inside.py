"""Do a claim's floats fail inside the caller's domain? At numbers drawn from those of its intervals that are bounded.

Only a bounded interval says which magnitudes are meant: ``(0, None)`` asks for positive numbers, not for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from symdiff.checking.domains import ends
from symdiff.checking.floats import Trouble, exact_values, sensitivity, trouble_of
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.magnitudes import MOST, Array, arguments_text, drawn_extra, suspects
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, leaf_values
from symdiff.checking.sampling import example_point
from symdiff.ir.ops import Input

_POINTS = 6


def troubles_inside(question: Question, options: Options) -> list[Trouble | None]:
    """For each target what happens to it at the first of some points at which long doubles or balls convict it."""
    troubles: list[Trouble | None] = [None] * len(question.targets)
    store, truth = question.truth.store, question.truth
    for leaves in _drawn(question, options):
        found = {k: v for k, v in suspects(question, leaves, options.dtype).items() if troubles[k] is None}
        if not found or options.is_late:
            continue
        point = example_point(truth, dict(zip(truth.inputs, leaves, strict=True)))
        if is_on_kink(store, question.kinks, point):
            continue
        exact = exact_values(question, [truth.outputs[k] for k in found], point)
        where = f"inside your domain, at {arguments_text(question, leaves)}"
        for (k, got), balls in zip(found.items(), exact or [], strict=False):
            if balls.shape == got.shape:
                excuse = partial(sensitivity, question, k, point, balls, options.dtype, options.seed)
                troubles[k] = trouble_of(got, balls, options.dtype, excuse, where)
    return troubles


def _drawn(question: Question, options: Options) -> Iterator[list[Array]]:
    """The examples with numbers from the bounded intervals, each as likely as another."""
    base = [np.asarray(leaf) for leaf in leaf_values(question)]
    intervals: dict[int, tuple[float, float]] = {}
    for k, node in enumerate(question.forward.inputs):
        op = question.forward.store.op(node)
        rule = options.domain.get(op.name) if isinstance(op, Input) and op.kind == "real" else None
        low, high = ends(rule) if isinstance(rule, tuple) else (None, None)
        if low is not None and high is not None:
            intervals[k] = float(low), float(high)
    if not intervals or sum(leaf.size for leaf in base) > MOST:
        return
    rng = np.random.default_rng(options.seed)
    for _ in range(_POINTS):
        leaves = [rng.uniform(*intervals[k], v.shape) if k in intervals else v for k, v in enumerate(base)]
        every = (*leaves, *drawn_extra(question))
        yield [np.asarray(a, dtype=options.dtype if np.asarray(a).dtype.kind == "f" else None) for a in every]
