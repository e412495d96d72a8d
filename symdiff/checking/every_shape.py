"""Is a claim right for every shape? The same graph with symbolic sizes proves it; small shapes can refute it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

from symdiff.checking.options import Options
from symdiff.checking.questions import Of, Question, Wrt, ask
from symdiff.checking.traced import judge_traced
from symdiff.ir.sizes import parse_shape, substitute, symbols_of
from symdiff.verdicts import Verdict

_FIRST = 2


def judge_every_shape(
    fn: Callable[..., Any], claim: Callable[..., Any], examples: dict[str, Any], wrt: Wrt, of: Of, options: Options
) -> dict[str, Verdict]:
    """Proved for every shape if both graphs are the same with symbolic sizes; otherwise what small shapes say."""
    general = ask(fn, claim, examples, wrt, of)
    small = ask(fn, claim, _instance(examples), wrt, of)
    if small.claimed is None:
        return {name: Verdict("undecided", small.title, "every shape", reason=f"the claim could not be traced: {small.reason}") for name in small.targets}
    verdicts = judge_traced(small, options)
    return {name: _lifted(general, k, verdict) for k, (name, verdict) in enumerate(verdicts.items())}


def _lifted(general: Question, target: int, verdict: Verdict) -> Verdict:
    same = general.claimed is not None and general.claimed[target] == general.truth.outputs[target]
    if verdict.status == "proved" and same:
        roads = ("the same graph for symbolic sizes", *verdict.evidence.roads[1:])
        return replace(verdict, scope="every shape", evidence=replace(verdict.evidence, roads=roads))
    if verdict.status != "proved":
        return verdict
    reason = f"proved at {verdict.scope}, not for every shape"
    return replace(verdict, status="agrees", reason=reason)


def _instance(examples: Mapping[str, Any]) -> dict[str, Any]:
    """Zeros at small sizes, all different: 2, 3, 4 ... so that no two axes agree by accident."""
    names = sorted({s for text in _strings(examples) for s in symbols_of(parse_shape(text))}, key=str)
    sizes = {s: _FIRST + k for k, s in enumerate(names)}
    return {name: _filled(value, sizes) for name, value in examples.items()}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(item)


def _filled(value: Any, sizes: Mapping[sp.Symbol, int]) -> Any:
    if isinstance(value, str):
        shape = tuple(int(substitute(size, sizes)) for size in parse_shape(value))
        return np.arange(1, 1 + int(np.prod(shape))).reshape(shape) / 8.0 if shape else 0.5
    if isinstance(value, Mapping):
        return {k: _filled(v, sizes) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(v, sizes) for v in value)
    return value


