"""Are unequal functions ever called equal, or equal ones unequal? Hypothesis searches for a pair that fools us."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from rewritings import ADDITIVE, POSITIVE, REWRITINGS
from vanishing import NARROWER, ONE_SIDED, OUTSIDE, SIZED, SMOOTH, SQUARE, THIN, positive

import symdiff as sd
from symdiff.errors import SymdiffError
from symdiff.ir.graph import Graph
from symdiff.ir.merging import merge
from symdiff.proof.at_shape.zero_test import equal_at_shape
from symdiff.proof.every_shape.proving import prove
from symdiff.verdicts import Verdict

Function = Callable[..., Any]
_EXAMPLES = 12  # of each search; SYMDIFF_DEEP asks for more
_SECONDS, _PATIENCE = 0.5, 2.0

_DEEP = int(os.environ.get("SYMDIFF_DEEP", "0"))
searched = settings(max_examples=_DEEP, derandomize=False) if _DEEP else settings(max_examples=_EXAMPLES)
VECTOR = (np.array([0.3, -1.2, 2.0]),)


@dataclass(frozen=True)
class Pair:
    """Two functions, how they were made, and what they are asked about."""

    left: Function
    right: Function
    inputs: tuple[Any, ...]
    text: str
    domain: Any = None


# How a difference is hidden --------------------------------------------------------------------------------

# onto the whole line, so that no term vanishes altogether
INSIDE: dict[str, Function] = {
    "x": lambda x: x,
    "-x": lambda x: -x,
    "2x": lambda x: 2 * x,
    "x/3": lambda x: x / 3,
    "x + 1": lambda x: x + 1,
    "x - 1/2": lambda x: x - 0.5,
    "x^3": lambda x: x**3,
    "sinh": np.sinh,
}
# one to one in every entry or as a whole, so that a difference stays one
AROUND: dict[str, Function] = {
    "v": lambda v, x: v,
    "-v": lambda v, x: -v,
    "exp v": lambda v, x: np.exp(v),
    "tanh v": lambda v, x: np.tanh(v),
    "v + v^3": lambda v, x: v + v**3,
    "arcsinh v": lambda v, x: np.arcsinh(v),
    "v exp x": lambda v, x: v * np.exp(x),
    "v / (1 + x^2)": lambda v, x: v / (1 + x**2),
    "cumsum v": lambda v, x: np.cumsum(v, axis=0),
    "v reversed": lambda v, x: v[::-1],
    "v + |v| / 2": lambda v, x: v + np.abs(v) / 2,
    "log(1 + exp v)": lambda v, x: np.logaddexp(0, v),
}
FUNCTIONS: dict[str, Function] = {
    "0": lambda x: 0 * x,
    "x": lambda x: x,
    "sin": np.sin,
    "exp": np.exp,
    "square": lambda x: x**2,
    "relu": positive,
    "tanh": np.tanh,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(0),
    "centred": lambda x: x - x.mean(0),
    "norm": lambda x: x / np.sqrt(1 + (x**2).sum()),
    "max": lambda x: x * x.max(),
}
FACTORS = (1, -1, 1 / 3, 7, 1e-3, 1e-9)


def named(table: dict[str, Any]) -> st.SearchStrategy[tuple[str, Any]]:
    return st.sampled_from(sorted(table)).map(lambda name: (name, table[name]))


@st.composite
def hidden(draw: st.DrawFn, terms: dict[str, Function], inputs: tuple[Any, ...]) -> Pair:
    """A function, and the same with a term added somewhere inside; in either order."""
    (of, term), (base, function) = draw(named(terms)), draw(named(FUNCTIONS))
    (within, inner), (around, outer) = draw(named(INSIDE)), draw(named(AROUND))
    factor, swapped = draw(st.sampled_from(FACTORS)), draw(st.booleans())

    def plain(*args: Any) -> Any:
        return outer(function(args[0]), args[0])

    def with_term(*args: Any) -> Any:
        return outer(function(args[0]) + factor * term(*map(inner, args)), args[0])

    text = f"{around} for v = {base} + {factor:g} * [{of}]({within})"
    one, other = (with_term, plain) if swapped else (plain, with_term)
    return Pair(one, other, inputs, f"{text}{', on the left' if swapped else ''}")


def assert_never_proved(pair: Pair, **options: Any) -> None:
    try:
        verdict = sd.check(pair.left, pair.right, pair.inputs, of="value", domain=pair.domain, **options)
    except SymdiffError:  # an honest refusal
        return
    assert verdict.status != "proved", f"{pair.text}\n{verdict}"


def together(pair: Pair) -> tuple[Graph, tuple[int, ...]] | None:
    """The graph of the left side, and the outputs of the right side in its store."""
    try:
        left, right = sd.trace(pair.left, *pair.inputs), sd.trace(pair.right, *pair.inputs)
    except (SymdiffError, TypeError):  # a function of sizes that cannot be read
        return None
    place = merge(right, left.store, dict(zip(right.inputs, left.inputs, strict=True)))
    return left, tuple(place[y] for y in right.outputs)


def assert_provers_refuse(pair: Pair) -> None:
    """No probes, no screen: the exact provers alone."""
    found = together(pair)
    if found is None:
        return
    left, claimed = found
    facts = pair.domain or {}
    if not any(isinstance(value, str) for value in pair.inputs):
        test = equal_at_shape(left.store, left.outputs, claimed, facts=facts, seconds=_SECONDS)
        assert not test.equal, f"{pair.text}\n{test}"
    proofs = prove(left.store, left.outputs, claimed, facts=facts, seconds=_SECONDS)
    assert not any(proof.proved for proof in proofs), f"{pair.text}\n{proofs}"


# Unequal pairs ---------------------------------------------------------------------------------------------


@searched
@given(hidden({**SMOOTH, **ONE_SIDED}, VECTOR))
def test_hidden_differences_are_never_proved(pair: Pair) -> None:
    assert_never_proved(pair)


@searched
@given(hidden({**SMOOTH, **ONE_SIDED}, VECTOR))
def test_provers_alone_refuse_hidden_differences(pair: Pair) -> None:
    assert_provers_refuse(pair)


@searched
@given(hidden({**SMOOTH, **ONE_SIDED, **SIZED}, ("n",)))
def test_hidden_differences_are_never_proved_for_every_shape(pair: Pair) -> None:
    assert_never_proved(pair)


@searched
@given(hidden({**SMOOTH, **ONE_SIDED, **SIZED}, ("n",)))
def test_provers_alone_refuse_what_only_sizes_hide(pair: Pair) -> None:
    assert_provers_refuse(pair)


@searched
@given(hidden(SQUARE, ("n n", "n n")))
def test_what_holds_for_small_or_special_matrices_is_never_proved(pair: Pair) -> None:
    assert_never_proved(pair)
    assert_provers_refuse(pair)


@searched
@given(hidden(THIN, VECTOR), st.booleans())
def test_a_branch_for_one_value_is_never_proved(pair: Pair, symbolic: bool) -> None:
    inputs: tuple[Any, ...] = ("n",) if symbolic else pair.inputs
    assert_never_proved(Pair(pair.left, pair.right, inputs, pair.text))


@searched
@given(st.data())
def test_a_domain_excuses_no_more_than_it_says(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(OUTSIDE)))
    term, domain = OUTSIDE[name]
    pair = data.draw(hidden({name: lambda x: x}, ("n", "n")))
    y = np.array([0.25, 0.25, 0.5]) if domain == "simplex" else np.array([0.0, 1.0, 1.0])
    y = np.array([0.5, 0.75, 0.25]) if isinstance(domain, tuple) else y
    inputs: tuple[Any, ...] = data.draw(st.sampled_from([("n", "n"), (VECTOR[0], y)]))

    def left(x: Any, y: Any) -> Any:
        return pair.left(x) - pair.left(x) + np.sin(x)

    def right(x: Any, y: Any) -> Any:
        return np.sin(x) + term(x, y)

    assert_never_proved(Pair(left, right, inputs, f"[{name}] in {domain}", {"y": domain}))


@searched
@given(named(NARROWER), named(AROUND), st.booleans())
def test_a_claim_defined_on_less_is_never_proved(
    row: tuple[str, tuple[Function, Function]], around: tuple[str, Function], symbolic: bool
) -> None:
    (name, (left, right)), (text, outer) = row, around
    inputs: tuple[Any, ...] = ("n",) if symbolic else (np.array([0.5, 0.25, 0.75]),)
    pair = Pair(lambda x: outer(left(x), x), lambda x: outer(right(x), x), inputs, f"{text} for v = [{name}]")
    assert_never_proved(pair)
    assert_provers_refuse(pair)


DERIVATIVES: dict[str, tuple[Function, Function]] = {
    "sin": (np.sin, np.cos),
    "exp": (np.exp, np.exp),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "softplus": (lambda x: np.logaddexp(0, x), lambda x: 1 / (1 + np.exp(-x))),
    "relu": (positive, lambda x: np.where(x > 0, 1.0, 0.0)),
}


@searched
@given(st.data(), st.sampled_from(["gradient", "vjp", "jvp", "jacobian"]), st.booleans())
def test_derivatives_with_a_hidden_term_are_never_proved(
    data: st.DataObject, of: Any, symbolic: bool
) -> None:
    name, (function, slope) = data.draw(named(DERIVATIVES))
    terms = {**SMOOTH, **ONE_SIDED, **(SIZED if symbolic else {}), **THIN}
    (text, term), factor = data.draw(named(terms)), data.draw(st.sampled_from(FACTORS))

    def wrong(x: Any) -> Any:
        return slope(x) + factor * term(x)

    fns = {
        "gradient": (lambda x: np.sum(function(x)), wrong),
        "jacobian": (function, lambda x: np.diag(wrong(x))),
    }
    fn, claim = fns.get(of, (function, lambda x, v: wrong(x) * v))
    note(f"{of} of {name} + {factor:g} * [{text}]")
    try:
        verdict = sd.check(fn, claim, ("n",) if symbolic else VECTOR, of=of)
    except SymdiffError:
        return
    assert verdict.status != "proved", str(verdict)


# What was once proved, wrongly -----------------------------------------------------------------------------


def places(x: Any) -> Any:
    return np.arange(x.shape[0])


def twice_sized(x: Any, y: Any) -> Any:
    """Zero for all x and y at the sizes 7 and 5, and at no others."""
    return (x.shape[0] - 7) * x[:, None] + (y.shape[0] - 5) * y[None, :]


INDICES = (VECTOR[0], np.array([0, 1, 2]))
FOOLED: dict[str, Pair] = {
    pair.text: pair
    for pair in (
        Pair(lambda x: 0 * x, lambda x: np.where(places(x) == 12, x, 0), ("n",), "one place"),
        Pair(lambda x: np.where(places(x) > 12, x, 0), lambda x: np.where(places(x) >= 12, x, 0), ("n",), "a bound"),
        Pair(lambda x: x, lambda x: x * (places(x) - 12) / (places(x) - 12), ("n",), "0/0 at one place"),
        Pair(lambda x: 0 * x, lambda x: np.where(np.tri(x.shape[0]).sum(1) == 13, x, 0), ("n",), "a count"),
        Pair(lambda x: 0 * x, lambda x: np.where(np.cumsum(np.ones_like(x)) == 13, x, 0), ("n",), "a running count"),
        Pair(np.outer, lambda x, y: np.outer(x, y) * twice_sized(x, y) / twice_sized(x, y), ("n", "m"), "two sizes"),
        Pair(
            lambda x, y: 0 * x * y, lambda x, y: np.where(y == 77, x, 0) + 0 * y, (VECTOR[0], np.arange(3.0)),
            "an integer", {"y": "integer"},
        ),
        Pair(lambda x, k: 0 * x, lambda x, k: np.where(k == 3, x, 0), INDICES, "an index"),
        Pair(lambda x, k: 0 * x, lambda x, k: np.where(k.sum() == 77, x, 0), INDICES, "a sum of indices"),
        Pair(np.cos, lambda x: np.where(x == 0.37, 5.0, np.cos(x)), VECTOR, "one decimal"),
        Pair(np.cos, lambda x: np.where(x * x == 2, 5.0, np.cos(x)), VECTOR, "one root"),
        Pair(np.cos, lambda x: np.where((x - 0.37) ** 2 > 0, np.cos(x), 5.0), VECTOR, "one square"),
        Pair(lambda x: np.sign(x - 0.37) ** 2, np.ones_like, VECTOR, "a value of the function alone"),
    )
}  # fmt: skip


@pytest.mark.parametrize("name", FOOLED)
def test_what_fooled_a_prover_is_not_proved(name: str) -> None:
    assert_never_proved(FOOLED[name])


def test_a_branch_for_one_value_is_not_proved_at_a_large_shape() -> None:
    inputs = (np.linspace(-3, 3, 20_000),)
    assert_never_proved(
        Pair(np.cos, lambda x: np.where(x == 0.37, 5.0, np.cos(x)), inputs, "one decimal, large")
    )


SOUND: dict[str, Pair] = {
    pair.text: pair
    for pair in (
        Pair(lambda x: x, lambda x: x * (places(x) + 1) / (1 + places(x)), ("n",), "a quotient of places"),
        Pair(
            lambda x: np.abs(x[1:] - x[:-1]),
            lambda x: np.where(x[1:] > x[:-1], x[1:] - x[:-1], x[:-1] - x[1:]), ("n",), "total variation",
        ),
        Pair(
            lambda x: np.maximum(np.cumsum(x), 0),
            lambda x: np.where(np.cumsum(x) >= 0, np.cumsum(x), 0), ("n",), "a running sum",
        ),
        Pair(
            lambda x: np.clip(x, 0, 6), lambda x: np.maximum(x, 0) - np.maximum(x - 6, 0), ("n",), "two thresholds",
        ),
        Pair(
            lambda x: np.sinc(x), lambda x: np.where(x == 0, 1, np.sin(np.pi * x) / (np.pi * np.where(x == 0, 1, x))),
            VECTOR, "a hole that is filled",
        ),
        Pair(
            lambda x: np.clip(x, -0.37, 0.37), lambda x: np.where(np.abs(x) < 0.37, x, np.sign(x) * 0.37), VECTOR,
            "a decimal bound",
        ),
    )
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_what_looks_like_it_is_proved(name: str) -> None:
    pair = SOUND[name]
    verdict = sd.check(pair.left, pair.right, pair.inputs, of="value")
    assert verdict.status == "proved", str(verdict)


# Equal pairs -----------------------------------------------------------------------------------------------


@st.composite
def rewritten(draw: st.DrawFn, inputs: tuple[Any, ...]) -> Pair:
    """Two or three identities, each on its own argument, put together in the same way."""
    rows = draw(st.lists(named(REWRITINGS), min_size=1, max_size=3))
    within = [draw(named(POSITIVE if name in POSITIVE_ONLY else INSIDE)) for name, _ in rows]
    (how, join), (around, outer) = draw(named(ADDITIVE)), draw(named(AROUND))

    def side(which: int) -> Function:
        def built(x: Any) -> Any:
            parts = [row[which](inner(x)) for (_, row), (_, inner) in zip(rows, within, strict=True)]
            total = parts[0]
            for part in parts[1:]:
                total = join(total, part)
            return outer(total, x)

        return built

    names = [f"[{name}]({inner})" for (name, _), (inner, _) in zip(rows, within, strict=True)]
    text = f"{around} for v = {f' {how} '.join(names)}"
    one, other = (0, 1) if draw(st.booleans()) else (1, 0)
    return Pair(side(one), side(other), inputs, text)


POSITIVE_ONLY = {name for name, (_, _, domain) in REWRITINGS.items() if domain}


@searched
@given(rewritten(VECTOR), st.booleans())
def test_equal_functions_are_never_refuted(pair: Pair, symbolic: bool) -> None:
    inputs: tuple[Any, ...] = ("n",) if symbolic else pair.inputs
    note(pair.text)
    verdict = sd.check(pair.left, pair.right, inputs, of="value", timeout=_PATIENCE)
    assert verdict.status != "refuted" or is_about_floats(verdict), f"{pair.text}\n{verdict}"


def is_about_floats(verdict: Verdict) -> bool:
    """Floats fail at the inputs that were given: ``(x + 1e20) - 1e20`` is 0 there."""
    return verdict.mistake is not None and verdict.mistake.kind in ("nan", "cancellation")


@pytest.mark.parametrize("name", REWRITINGS)
def test_each_rewriting_is_proved(name: str) -> None:
    left, right, domain = REWRITINGS[name]
    for inputs in ((np.array([0.5, 1.25, 2.0]),), ("n",)):
        verdict = sd.check(left, right, inputs, of="value", domain={"x": (0, None)} if domain else None)
        assert verdict.ok or is_about_floats(verdict), f"{name}\n{verdict}"
