"""Is an entry of the library right as somebody would find out by trying? A Hypothesis test made from the entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, note
from hypothesis import strategies as st

from symdiff.checking.checks import check
from symdiff.checking.sampling import points
from symdiff.doors.tracing import trace
from symdiff.ir.sizes import parse_shape, substitute, symbols_of
from symdiff.library import Case, Derivative, Entry
from symdiff.library.second_order import with_settings

_LARGEST = 4
_FEW = 3  # examples of each check, beside the drawn one


@st.composite
def inputs_of(draw: st.DrawFn, entry: Entry, case: Case | None = None) -> dict[str, Any]:
    """Inputs for an entry, by name, of drawn sizes and inside its domain.

    >>> from symdiff.library import find
    >>> from hypothesis import find as smallest
    >>> smallest(inputs_of(find("mse")), lambda inputs: True)["y"].shape
    (1, 1)
    """
    chosen = case or entry.cases[0]
    shapes = {k: parse_shape(v) for k, v in chosen.inputs.items() if isinstance(v, str)}
    symbols = sorted({s for shape in shapes.values() for s in symbols_of(shape)}, key=str)
    sizes = {symbol: draw(st.integers(1, _LARGEST), label=str(symbol)) for symbol in symbols}
    examples = {
        k: np.zeros([int(substitute(n, sizes)) for n in shapes[k]], _dtype(entry, k)) if k in shapes else v
        for k, v in chosen.inputs.items()
    }
    graph = trace(with_settings(entry.fn, chosen.settings), **examples)
    nodes = dict(zip(graph.inputs, examples.values(), strict=True))
    drawn = next(points(graph, nodes, entry.domain, draw(st.integers(0, 10**6), label="seed")))
    kept = zip(examples, graph.inputs, strict=True)
    return {name: drawn[node].astype(_dtype(entry, name)) for name, node in kept}


def _dtype(entry: Entry, name: str) -> type:
    return int if entry.domain.get(name) == "integer" else float


def property_test(entry: Entry) -> Callable[[], None]:
    """A test that calls each hand-written first derivative as a black box at drawn inputs, and judges it there.

    It asserts that none is refuted; run it as any Hypothesis test.

    >>> from symdiff.library import find
    >>> property_test(find("sigmoid")).__name__
    'test_sigmoid'
    """

    asked = [(claim, case) for claim in entry.claims if claim.order == 1 for case in claim.cases]

    @given(st.data(), st.sampled_from(asked))
    def test(data: st.DataObject, question: tuple[Derivative, Case]) -> None:
        claim, case = question
        inputs = data.draw(inputs_of(entry, case), label="inputs")
        told = _called_only(with_settings(claim.claim, case.settings))
        options: dict[str, Any] = {"wrt": claim.wrt, "of": claim.of, "domain": dict(claim.domain)}
        verdict = check(with_settings(entry.fn, case.settings), told, inputs, **options, examples=_FEW)
        note(str(verdict))
        assert verdict.status != "refuted", str(verdict)

    test.__name__ = f"test_{entry.name}"
    return test


def _called_only(claim: Callable[..., Any]) -> Callable[..., Any]:
    """The claim as compiled code would be: it can be called, and not read."""

    def called(*args: Any) -> Any:
        return claim(*[np.array(np.ndarray.__array__(a)) for a in args])

    called.__name__ = getattr(claim, "__name__", "claim")
    return called
