"""Is a claim right that can only be called?"""

from __future__ import annotations

from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.verdicts import Verdict


def judge_black_box(question: Question, options: Options) -> Verdict:
    """Undecided until it is tested."""
    return Verdict("undecided", question.title, "nothing", reason=f"the claim could not be traced: {question.reason}")
