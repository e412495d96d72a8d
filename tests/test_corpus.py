"""Is every wrong derivative of the corpus refuted, every right twin accepted, and the mistake called by its name?"""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from corpus import MODULES, Pair, everything

import symdiff as sd
from symdiff.checking.mistakes.kinds import KINDS
from symdiff.verdicts import Verdict

PAIRS = {pair.name: pair for pair in everything()}
NAMED_RIGHT = 0.95


def judged(pair: Pair, claim: object) -> Verdict:
    return sd.check(pair.fn, claim, pair.inputs, wrt=pair.wrt, of=pair.of, domain=pair.domain, **pair.options)


@cache
def verdict_on_the_wrong_one(name: str) -> Verdict:
    return judged(PAIRS[name], PAIRS[name].wrong)


def test_the_corpus_is_large_and_has_every_kind() -> None:
    assert len(PAIRS) == len(everything()) >= 400
    kinds = Counter(pair.kind for pair in PAIRS.values())
    assert set(kinds) == set(KINDS) - {"optimizer", "unknown"}
    assert min(kinds.values()) >= 4
    special = Counter(pair.special for pair in PAIRS.values())
    assert all(special[way] >= 4 for way in ("point", "shape", "dtype", "second order"))
    sources = [pair.source for pair in PAIRS.values() if pair.source]
    assert len(sources) >= 100
    assert len(MODULES) == len(set(MODULES))


@pytest.mark.parametrize("name", PAIRS)
def test_the_wrong_one_is_refuted(name: str) -> None:
    verdict = verdict_on_the_wrong_one(name)
    assert verdict.status == "refuted", verdict.reason
    assert verdict.mistake is not None


@pytest.mark.parametrize("name", PAIRS)
def test_the_right_one_is_accepted(name: str) -> None:
    verdict = judged(PAIRS[name], PAIRS[name].right)
    assert verdict.ok, (verdict.status, verdict.reason, verdict.mistake)


def test_the_mistake_is_called_by_its_name() -> None:
    wrong = []
    for name, pair in PAIRS.items():
        mistake = verdict_on_the_wrong_one(name).mistake
        if mistake is None or mistake.kind != pair.kind:
            wrong.append((name, pair.kind, mistake and mistake.kind))
    assert len(wrong) <= (1 - NAMED_RIGHT) * len(PAIRS), wrong
