"""Is the reference itself right? Differences at 120 digits, at the question's shapes or at smaller ones."""

from __future__ import annotations

from collections.abc import Sequence

from symdiff.checking.black_boxes.batches import Probe
from symdiff.checking.black_boxes.probing import Prober
from symdiff.checking.effort import work
from symdiff.checking.options import Options
from symdiff.checking.questions import Question, ask
from symdiff.checking.roads import confirm
from symdiff.checking.shrinking import smaller_examples
from symdiff.checking.traced import RoadsDisagree
from symdiff.checking.wording import scope
from symdiff.errors import explain

_AFFORDABLE = 20_000
_TRIES = 4


def confirmation(question: Question, probes: Sequence[Probe], options: Options) -> str:
    """A road in words, empty if none could be taken; raises RoadsDisagree when roads contradict."""
    if question.of == "value":
        return ""
    if work(question.truth.store, (*question.truth.outputs, *question.forward.outputs)) > _AFFORDABLE:
        return _at_smaller_shapes(question, options)
    return "central differences at 120 digits" if _agree(question, probes, options) else ""


def _agree(question: Question, probes: Sequence[Probe], options: Options) -> bool:
    contradictions = 0
    for probe in probes[:_TRIES]:
        if options.is_late:
            return False
        answer = confirm(question, probe.point, options.seed)
        if answer:
            return True
        contradictions += answer is False
    if contradictions > 2:
        mend = "The rules and high-precision differences disagree: please report this function."
        raise RoadsDisagree(explain(question.title, {"points": contradictions}, mend))
    return False


def _at_smaller_shapes(question: Question, options: Options) -> str:
    for examples in smaller_examples(question.examples):
        try:
            smaller = ask(question.fn, question.claim, examples, question.asked_wrt, question.of)
            probe = Prober(smaller, options).generated(1).probes[0]
        except Exception:  # the function may not take other shapes
            continue
        cheap = work(smaller.truth.store, smaller.truth.outputs) <= _AFFORDABLE
        if cheap and _agree(smaller, [probe], options):
            return f"central differences at 120 digits, at {scope(smaller.truth)}"
    return ""
