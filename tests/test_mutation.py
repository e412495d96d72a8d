"""Does a proof fail when one sign, factor, transpose or term of the claim is changed? A sample of `mutation.py`."""

from __future__ import annotations

import pytest
from claim_edits import CLAIMS, Claimed, mutants
from mutation import Outcome, page, trial

_LOOKED_AT, _DIAGNOSED, _OF_THE_BLOCK = 10, 1, 3
_ALWAYS_NAMED = ("sign", "factor", "transpose")  # of what was dropped not each has a name
_LARGE = "Transformer block"
_ASKED = (
    "2.9 network", "3.4 Jacobians", "3.2 transposed Jacobians", "softmax + cross-entropy", "log-sum-exp", "layer norm",
    "batch norm", "RMS norm", "linear + GELU", "linear + GELU, square", "attention", "multi-head attention", "softmax",
)  # fmt: skip


def sample(claimed: Claimed) -> list[Outcome]:
    """What becomes of some mutants of a claim; the first wrong ones of some claims are diagnosed."""
    count = _OF_THE_BLOCK if claimed.name == _LARGE else _LOOKED_AT
    tried, _ = trial(claimed, count)
    left = _DIAGNOSED if claimed.name in _ASKED else 0
    found = []
    for k in range(len(tried.found)):
        found.append(tried.outcome(k, diagnosed=left > 0))
        left -= found[-1].mistake is not None
    return found


@pytest.mark.parametrize("claimed", CLAIMS, ids=lambda c: c.name)
def test_mutants_are_refuted_or_proved_equal(claimed: Claimed) -> None:
    found = sample(claimed)
    assert {o.status for o in found} <= {"refuted", "no value", "equivalent"}
    assert [o.fault for o in found if o.fault] == []
    asked = [o for o in found if o.mistake is not None and o.mutant.kind in _ALWAYS_NAMED]
    assert [(o.mutant.edit, o.mistake) for o in asked if not o.is_named] == []


def test_edits_are_of_every_kind() -> None:
    """Each kind is made, none leaves the claim as it was, and none is made twice."""
    (attention,) = (c for c in CLAIMS if c.name == "causal attention")
    question = attention.ask()
    found = mutants(attention, question)
    assert {m.kind for m in found} == {"sign", "factor", "transpose", "term", "dropped factor"}
    assert question.claimed not in {m.outputs for m in found}
    assert len({m.outputs for m in found}) == len(found)


def test_a_twin_is_only_transposed() -> None:
    (square,) = (c for c in CLAIMS if c.name == "attention, square")
    assert {m.kind for m in mutants(square, square.ask())} == {"transpose"}


def test_the_report_counts_each_mutant_once() -> None:
    (linear,) = (c for c in CLAIMS if c.name == "linear")
    tried, every = trial(linear)
    found = [tried.outcome(k, diagnosed=False) for k in range(len(tried.found))]
    assert len(found) == every
    assert f"| linear | {every} | {every} | 0 | {every} | 0 | 0 | 0 | 0 |" in page({"linear": (found, every)})
