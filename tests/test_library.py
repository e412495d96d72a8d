"""Is every entry of the library proved, first and second order, and is every wrong twin refuted by its name?

The tests iterate over the registry: an entry without a derivative or without a wrong twin fails.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from symdiff.library import Entry, Slip, registry
from symdiff.verdicts import Verdict

ENTRIES = [entry for entry in registry() if entry.kind != "optimizer"]
QUESTIONS = [
    pytest.param(judge, id=f"{entry.name}: {label}")
    for entry in ENTRIES
    for label, judge in entry.questions()
]
SLIPS = [
    pytest.param(entry, slip, id=f"{entry.name}: {slip.claim.__name__}")
    for entry in ENTRIES
    for slip in entry.slips
]


@pytest.mark.parametrize("judge", QUESTIONS)
def test_proved(judge: Callable[[], Verdict]) -> None:
    verdict = judge()
    assert verdict.status == "proved", str(verdict)


@pytest.mark.parametrize(("entry", "slip"), SLIPS)
def test_wrong_twin_is_refuted_by_its_name(entry: Entry, slip: Slip) -> None:
    verdict = entry.judge(slip, slip.case)
    assert verdict.status == "refuted", str(verdict)
    assert verdict.mistake is not None
    assert verdict.mistake.kind == slip.kind, str(verdict)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_entry_is_whole(entry: Entry) -> None:
    """First and second order, a wrong twin, a source, a docstring; shapes are symbolic wherever they can be."""
    assert {claim.order for claim in entry.derivatives} == {1, 2}
    assert entry.slips
    assert entry.source
    assert entry.fn.__doc__
    assert any(isinstance(value, str) for case in entry.cases for value in case.inputs.values())
