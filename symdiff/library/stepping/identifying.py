"""Which rule is a step, if not the one that was asked for? The candidate that explains every path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from symdiff.library.stepping.candidates import Candidate, alternatives
from symdiff.library.stepping.measuring import Record, fits

_TRIED = 1200


def identified(truth: Candidate, given: Mapping[str, Any], records: list[Record]) -> Candidate | None:
    """Of what explains every path, what differs least."""
    tried: set[str] = set()
    for candidate in alternatives(truth, given, partial(rescaled, made=records[0])):
        settings = sorted(candidate.settings.items())
        key = repr((candidate.rule.name, settings, candidate.shift, candidate.sign))
        if key in tried or len(tried) > _TRIED:
            continue
        tried.add(key)
        if fits(candidate, records):
            return _least(candidate, truth, records)
    return None


def _least(found: Candidate, truth: Candidate, records: list[Record]) -> Candidate:
    """Without the differences that the step does not show."""
    if found.rule is not truth.rule:
        return found
    for name in found.rule.choices:
        if found.settings[name] != truth.settings[name]:
            fewer = replace(found, settings={**found.settings, name: truth.settings[name]})
            found = fewer if fewer.differences(truth) and fits(fewer, records) else found
    return found


def rescaled(candidate: Candidate, made: Record) -> Candidate | None:
    """The candidate with the learning rate by which its first move would be the step's; None if there is none."""
    regime, rate = made.regime, candidate.settings.get("learning_rate")
    if not rate:
        return None
    with np.errstate(all="ignore"):
        due = np.asarray(candidate.path(regime.theta, regime.gradients[:1])[0]) - regime.theta
        ratios = ((made.path[0] - regime.theta) / due)[np.abs(due) > 0]
    if not ratios.size or not np.allclose(ratios, ratios[0], rtol=1e-3) or not 0 < ratios[0] < np.inf:
        return None
    near = float(f"{rate * float(np.median(ratios)):.6g}")
    return replace(candidate, settings={**candidate.settings, "learning_rate": near})
