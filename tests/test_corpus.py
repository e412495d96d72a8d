"""Is every wrong derivative of the corpus refuted, every right twin accepted, and the mistake called by its name?"""

from __future__ import annotations

from collections import Counter

import pytest
from corpus import MODULES, Pair, everything

import symdiff as sd
from symdiff.checking.mistakes.kinds import KINDS
from symdiff.verdicts import Verdict

PAIRS = {pair.name: pair for pair in everything()}
NAMED_RIGHT = 0.95

# What the diagnosis makes of the mistakes that it does not call by their names.
OTHERWISE = {
    "exponential from a table of half precision": "unknown",
    "log-sigmoid with the derivative of softplus": "sign",
    "log-sum-exp that differentiates its shift on one side": "threshold",
    "label smoothing spread over the other classes only": "unknown",
    "contrastive loss of squared distances, by the paper's distances": "unknown",
    "softmax, path lost in the kernel for single precision": "unknown",
    "clip, lower bound lost in the kernel for single precision": "edge",
    "log-gamma with the trigamma function": "unknown",
    "cumulative sum turned back along the other axis": "unknown",
    "u' A A v by A": "unknown",
    "group norm, means over all groups": "unknown",
    "logistic Hessian without its weights": "second_order",
    "logistic Hessian, p squared for p (1 - p)": "chain",
    "second differences, one diagonal too far": "second_order",
    "error term with the sigmoid's slope at the features": "unknown",
    "overlapping pools that overwrite a shared winner": "unknown",
    "regularised logistic regression, x_j lost": "unknown",
    "layer norm of a block of rows, sums over the block": "unknown",
    "group norm by gamma, group by remainder": "assumption",
    "second derivative of the logarithm as the square of the first": "assumption",
}

# Wrong, where nothing certain can be said as yet.
NOT_REFUTED: dict[str, str] = {}


def judged(pair: Pair, claim: object) -> Verdict:
    return sd.check(pair.fn, claim, pair.inputs, wrt=pair.wrt, of=pair.of, domain=pair.domain, **pair.options)


def test_the_corpus_is_large_and_has_every_kind() -> None:
    assert len(PAIRS) == len(everything()) >= 400
    kinds = Counter(pair.kind for pair in PAIRS.values())
    assert set(kinds) == set(KINDS) - {"optimizer", "unknown"}
    assert min(kinds.values()) >= 4
    special = Counter(pair.special for pair in PAIRS.values())
    assert all(special[way] >= 4 for way in ("point", "shape", "dtype", "second order"))
    assert len([pair for pair in PAIRS.values() if pair.source]) >= 100
    assert len(MODULES) == len(set(MODULES))


def test_nearly_all_mistakes_are_called_by_their_names() -> None:
    assert set(OTHERWISE) | set(NOT_REFUTED) <= set(PAIRS)
    assert len(OTHERWISE) + len(NOT_REFUTED) <= (1 - NAMED_RIGHT) * len(PAIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_the_wrong_one_is_refuted_by_name(name: str) -> None:
    pair = PAIRS[name]
    verdict = judged(pair, pair.wrong)
    if name in NOT_REFUTED:
        assert verdict.status == NOT_REFUTED[name]
        return
    assert verdict.status == "refuted", verdict.reason
    assert verdict.mistake is not None
    assert verdict.mistake.kind in (pair.kind, OTHERWISE.get(name)), verdict.mistake


@pytest.mark.parametrize("name", PAIRS)
def test_the_right_one_is_accepted(name: str) -> None:
    verdict = judged(PAIRS[name], PAIRS[name].right)
    assert verdict.ok, (verdict.status, verdict.reason, verdict.mistake)
