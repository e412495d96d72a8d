"""At which magnitudes do the floats of a right claim fail, and which form would not?

The claim is called at small, large and nearly equal arguments, in its dtype and in long doubles, which overflow and
cancel later; where the two part, balls say who is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from symdiff.checking.arguments import claim_call, spread
from symdiff.checking.comparing import values
from symdiff.checking.domains import ends
from symdiff.checking.kinks.ties import is_on_kink
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, extra_tree, flat_claim, leaf_values
from symdiff.checking.remedies import remedy
from symdiff.checking.sampling import example_point
from symdiff.evaluation.arithmetics import working_precision
from symdiff.ir.ops import Input

Array = NDArray[Any]
Kind = Literal["overflows", "underflows", "cancels"]

_SHOWN = 3
MOST = 500  # entries of all arguments and results
_CONFIRMED = 3  # points at which balls are asked
_LOST = {4: 1e-3, 8: 1e-6}  # by bytes: the part of a result that rounding may take before it is worth a word
_BITS = 1400  # exp(-800) beside 1
_STEPS = np.array([1, -0.7, 0.45, -1.3, 0.6, -0.85, 1.55, -0.55])
_TINY = 2.0**-40
_LARGE = {4: 100.0, 8: 800.0}  # beyond the logarithm of the largest number
_FAR = {4: 2.0**12, 8: 2.0**20}


@dataclass(frozen=True)
class Failure:
    """One entry of a claim in floats and as it should be, and the arguments where it shows."""

    kind: Kind
    target: int
    index: tuple[int, ...]
    got: float
    exact: float
    leaves: list[Array]


def float_failures(question: Question, options: Options) -> list[str | None]:
    """For each target what floats make of the claim at some magnitude: the worst that was found, in one line."""
    found: dict[int, tuple[Failure, str | None]] = {}
    confirmed = 0
    for leaves in _points(question, options):
        settled = {k for k, (failure, _) in found.items() if failure.kind == "overflows"}
        suspect = {k: v for k, v in suspects(question, leaves, options.dtype).items() if k not in settled}
        if suspect and confirmed < _CONFIRMED and not options.is_late:
            confirmed += 1
            for failure in _failures(question, suspect, leaves, options.dtype):
                form = remedy(question, failure.target, failure.index, leaves, failure.got, failure.exact)
                if failure.kind == "overflows" or (
                    failure.target not in found and (form or _is_small(failure))
                ):
                    found[failure.target] = failure, form
    return [
        _sentence(question, *found[k], options.dtype) if k in found else None
        for k in range(len(question.targets))
    ]


def _failures(
    question: Question, suspect: Mapping[int, Array], leaves: list[Array], dtype: str
) -> Iterator[Failure]:
    """The suspects that balls convict."""
    store = question.truth.store
    point = example_point(question.truth, dict(zip(question.truth.inputs, leaves, strict=True)))
    if is_on_kink(store, question.kinks, point):
        return
    with working_precision(_BITS):
        truth = values(store, [question.truth.outputs[k] for k in suspect], point)
    for (k, got), balls in zip(suspect.items(), truth or (), strict=False):
        found = _failure(k, got, balls, leaves, dtype)
        if found is not None:
            yield found


# Points -----------------------------------------------------------------------------------------------------


def _points(question: Question, options: Options) -> Iterator[list[Array]]:
    """Arguments of mixed signs and of either sign, small, large, and large with small differences."""
    forward, truth = question.forward, question.truth
    base = [np.asarray(leaf) for leaf in leaf_values(question)]
    added = drawn_extra(question)
    results = sum(int(np.prod(truth.shape(y), dtype=int)) for y in truth.outputs)
    if sum(leaf.size for leaf in base) + results > MOST:
        return
    wrt = {leaf for name in question.wrt for leaf in forward.leaf_names(name)}
    moved = [node for node in forward.inputs if not wrt or _name(question, node) in wrt]
    size = np.dtype(options.dtype).itemsize
    patterns: list[Callable[[Array], Array]] = [
        lambda t: -_LARGE[size] * np.abs(t),
        lambda t: _LARGE[size] * np.abs(t),
        lambda t: _LARGE[size] * t,
        lambda t: _TINY * np.abs(t),
        lambda t: 2.0**-27 * t,
        lambda t: 2.0**-10 * t,
        lambda t: _FAR[size] + t,
    ]
    for pattern in patterns:
        leaves = [
            _inside(pattern(np.resize(_STEPS, leaf.shape)), options.domain.get(_name(question, node)), leaf)
            if node in moved and truth.store.kind(node) == "real"
            else leaf
            for node, leaf in zip(forward.inputs, base, strict=True)
        ]
        yield [a.astype(options.dtype) if a.dtype.kind == "f" else a for a in (*leaves, *added)]


def drawn_extra(question: Question) -> list[Array]:
    """A cotangent or direction of mixed signs."""
    added = question.truth.inputs[len(question.forward.inputs) :]
    return [np.resize(_STEPS, tuple(map(int, question.truth.shape(node)))) for node in added]


def _name(question: Question, node: Any) -> str:
    op = question.truth.store.op(node)
    return op.name if isinstance(op, Input) else ""


def _inside(drawn: Array, rule: Any, example: Array) -> Any:
    """The same magnitudes inside a domain; a set of arrays keeps the example."""
    if rule is None:
        return drawn
    if isinstance(rule, str):
        return example
    low, high = ends(rule)
    if low is not None and high is not None:
        part = np.minimum(np.abs(drawn), 1 / np.abs(drawn)) / 2
        return np.where(drawn > 0, low + (high - low) * part, high - (high - low) * part)
    return low + np.abs(drawn) if low is not None else high - np.abs(drawn) if high is not None else drawn


# What the claim returns there ---------------------------------------------------------------------------------


def suspects(question: Question, leaves: Sequence[Array], dtype: str) -> dict[int, Array]:
    """The results that differ from those in long doubles, or are not finite in either."""
    got = _called(question, leaves)
    if got is None:
        return {}
    longer = _called(question, [a.astype(np.longdouble) if a.dtype.kind == "f" else a for a in leaves])
    found = {}
    for k, value in enumerate(got):
        better = longer[k] if longer is not None and longer[k].shape == value.shape else value
        largest = float(np.finfo(dtype).max)
        with np.errstate(all="ignore"):
            held = np.isfinite(better) & (np.abs(better) <= largest)
            scale = np.max(np.abs(better), where=held, initial=0)
            far = np.abs(value - better) > _LOST[np.dtype(dtype).itemsize] * np.maximum(scale, np.abs(better))
            lost = (held & (far | ~np.isfinite(value))) | (np.isnan(value) & ~held)
        if lost.any():
            found[k] = value
    return found


def _called(question: Question, leaves: Sequence[Array]) -> list[Array] | None:
    """The claim as it stands, called with these leaves; None if it refuses."""
    forward = question.forward
    assert forward.arguments is not None
    given = [a.copy() if a.ndim else a[()] for a in leaves]
    rest = iter(given[: len(forward.inputs)])
    named = zip(forward.arguments.keys, forward.arguments.children, strict=True)
    pairs = spread(
        question.fn, {name: child.build([next(rest) for _ in range(child.size)]) for name, child in named}
    )
    if question.extra is not None:
        pairs.append((question.extra, extra_tree(question).build(given[len(forward.inputs) :])))
    args, kwargs = claim_call(question.claim, pairs)
    try:
        with np.errstate(all="ignore"):
            returned = flat_claim(question, question.claim(*args, **kwargs))
            return [np.asarray(value) + np.float32(0) for value in returned]
    except Exception:  # foreign code may refuse other magnitudes, or long doubles
        return None


# Words --------------------------------------------------------------------------------------------------------


def _failure(target: int, got: Array, balls: Any, leaves: list[Array], dtype: str) -> Failure | None:
    """The entry that is furthest off, if it is more than rounding alone may do."""
    if got.shape != balls.shape:
        return None
    limits, worst = np.finfo(dtype), None
    known = {place: float(balls[place].mid()) for place in np.ndindex(got.shape) if balls[place].is_finite()}
    least = float(limits.tiny / limits.eps)  # what is smaller counts as nothing
    scale = max((abs(v) for v in known.values() if abs(v) <= limits.max), default=0.0)
    for place, exact in known.items():
        if abs(exact) > limits.max:
            continue  # no float holds it, so no claim could
        value = float(got[place])
        off = abs(value - exact) - float(balls[place].rad())
        gap = off / max(scale, abs(exact), least) if np.isfinite(value) else np.inf
        if gap > max(_LOST[limits.dtype.itemsize], worst[0] if worst else 0):
            kind: Kind = "overflows" if gap == np.inf else "underflows" if value == 0 else "cancels"
            worst = gap, Failure(kind, target, place, value, exact, leaves)
    return worst[1] if worst else None


def _is_small(failure: Failure) -> bool:
    """Whether the arguments are small: differences of large numbers cancel in every form."""
    return all(np.all(np.abs(leaf) <= 1) for leaf in failure.leaves if leaf.dtype.kind == "f")


def _sentence(question: Question, failure: Failure, form: str | None, dtype: str) -> str:
    """Where, what, what it should be, and what would be right there."""
    place = f"entry {list(failure.index)}" if failure.index else "the value"
    where = f"at {arguments_text(question, failure.leaves)}, exactly {failure.exact:.6g}"
    text = f"{failure.kind} in {dtype}: {place} is {failure.got:.6g} {where}"
    return f"{text}; {form}" if form else text


def arguments_text(question: Question, leaves: Sequence[Array]) -> str:
    """The arguments that were moved; of arrays the first entries."""
    wrt = {leaf for name in question.wrt for leaf in question.forward.leaf_names(name)}
    parts = []
    for node, leaf in zip(question.forward.inputs, leaves, strict=False):
        name = _name(question, node)
        if (not wrt or name in wrt) and leaf.dtype.kind == "f":
            shown = ", ".join(f"{v:.10g}" for v in leaf.ravel()[:_SHOWN])
            more = ", ..." if leaf.size > _SHOWN else ""
            parts.append(f"{name} = {shown}" if not leaf.ndim else f"{name} = [{shown}{more}]")
    return ", ".join(parts[:_SHOWN])
