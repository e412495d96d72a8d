"""Does every proof fail when one sign, factor, transpose or term of the claim is changed, and is the mistake named?

``python -m tests.mutation --block 1000`` goes through all mutants of all claims and writes reports/mutation.md; with
``--share 0.1`` a tenth of the mistakes is diagnosed, which takes longest. ``tests/test_mutation.py`` takes a sample.
"""

# ruff: noqa: E402  (the paths come first)

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))
sys.path.append(str(ROOT / "examples"))

from claim_edits import CLAIMS, Claimed, Instance, Mutant, mutants

from symdiff.checking.comparing import compare
from symdiff.checking.mistakes import diagnosing
from symdiff.checking.mistakes.kinds import rank
from symdiff.checking.questions import Question
from symdiff.checking.traced import judge_traced
from symdiff.proof.at_shape.zero_test import equal_at_shape
from symdiff.proof.every_shape.proving import prove
from symdiff.verdicts import Mistake

Status: TypeAlias = Literal["refuted", "no value", "equivalent", "open", "proved wrong", "not certified"]
BLOCK = "Transformer block"
BLOCK_SAMPLE, BLOCK_SHARE = 40, 0.25  # of the mutants of the block, and of its mistakes that are diagnosed
PATIENCE = 60.0  # seconds for a diagnosis, so that what is found does not depend on the machine

# What the mistake of a mutant may be called, by api.md's table. The edit's own kind comes first; any kind is right that
# goes before it while the edit's own stands among the alternatives. Beyond that:
# - a quantity that decides a branch is a ``threshold``, and with the other sign its branches are ``swapped``;
# - the root of a negative number is ``nan``;
# - what a transposed matrix gives is right for a symmetric one (``symmetry`` goes before ``transpose``), and a sum of a
#   transposed operand is a sum along another axis;
# - what was dropped is called by what it was: a path of the backward pass, an inner derivative (or what is left is that
#   of another function, or of another form of it), a number (``factor``), the cotangent, a mask, a part of a saved
#   quantity (``stale``), or something that vanishes under an assumption; in a second derivative ``second_order`` if it
#   says which.
_DROPPED = ("nan", "threshold", "assumption", "symmetry", "upstream", "stale", "chain", "missing_path", "second_order",
            "convention", "wrong_function")  # fmt: skip
NAMES_OF = {
    "sign": ("sign", "nan", "threshold", "swapped"),
    "factor": ("factor", "threshold"),
    "transpose": ("transpose", "nan", "threshold", "symmetry", "wrong_axis"),
    "term": ("missing_path", *_DROPPED),
    "dropped factor": ("chain", "factor", *_DROPPED),
}
_NO_NAME = "in none of the known ways"


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant, and what its mistake was called if that was asked."""

    mutant: Mutant
    status: Status
    mistake: Mistake | None = None
    fault: str = ""

    @property
    def is_named(self) -> bool:
        """Whether the mistake is called what the edit was, or something more specific that fits as well."""
        if self.mistake is None or self.mistake.detail.endswith(_NO_NAME):
            return False
        names, kind = NAMES_OF[self.mutant.kind], self.mistake.kind
        return kind in names or (names[0] in self.mistake.alternatives and rank(kind) < rank(names[0]))

    @property
    def is_exactly(self) -> bool:
        """Whether the mistake is called what the edit was."""
        return self.mistake is not None and self.mistake.kind == NAMES_OF[self.mutant.kind][0]


@dataclass
class Trial:
    """One claim and some of its mutants, in one store."""

    claimed: Claimed
    general: Question
    found: Sequence[Mutant]
    random: Random
    instance: Instance = field(init=False)

    def __post_init__(self) -> None:
        self.instance = Instance(self.claimed, self.general, self.found)

    def outcome(self, k: int, *, diagnosed: bool) -> Outcome:
        """What the proof, the balls and the check say of one mutant."""
        mutant = self.found[k]
        seen = {j: self._refuted(k, j) for j in self.instance.differing(k)}
        different = [j for j in seen if seen[j] != "not certified"]  # the others are zeros but for rounding
        if not different:
            return Outcome(mutant, self._same(k))
        truths = [self.general.truth.outputs[j] for j in different]
        proofs = prove(
            self.general.truth.store, truths, [mutant.outputs[j] for j in different],
            seconds=2, facts=self.claimed.domain,
        )  # fmt: skip
        if any(proof.proved for proof in proofs):
            return Outcome(mutant, "proved wrong")
        if diagnosed:
            target = self.random.choice(different)
            return self._named(k, target, seen[target])
        return Outcome(mutant, "refuted" if "refuted" in seen.values() else "no value")

    def _same(self, k: int) -> Status:
        """Whether a mutant that floats cannot tell from the truth is proved equal, for every shape or at this one."""
        outputs, right = self.found[k].outputs, self.general.claimed
        assert right is not None
        changed = [j for j, (new, old) in enumerate(zip(outputs, right, strict=True)) if new != old]
        truths, claims = [self.general.truth.outputs[j] for j in changed], [outputs[j] for j in changed]
        facts = self.claimed.domain
        if all(p.proved for p in prove(self.general.truth.store, truths, claims, seconds=10, facts=facts)):
            return "equivalent"
        question, here = self.instance.question, self.instance.outputs[k]
        truths, claims = [question.truth.outputs[j] for j in changed], [here[j] for j in changed]
        at_shape = equal_at_shape(question.truth.store, truths, claims, facts=facts, seconds=10)
        return "equivalent" if at_shape.equal else "open"

    def _refuted(self, k: int, target: int) -> Status:
        """Whether two disjoint balls show the difference at one of the points, or the claim has no value there."""
        question = self.instance.alone(k, target)
        assert question.claimed is not None
        store, truths = question.truth.store, question.truth.outputs
        answers = [compare(store, truths, question.claimed, p)[0].outcome for p in self.instance.points]
        if "differ" in answers:
            return "refuted"
        return "no value" if "claim undefined" in answers else "not certified"

    def _named(self, k: int, target: int, status: Status) -> Outcome:
        """The verdict of the check on one target."""
        mutant = self.found[k]
        try:
            with mock.patch.object(diagnosing, "_SECONDS", PATIENCE):
                (verdict,) = judge_traced(self.instance.alone(k, target), self.claimed.options).values()
        except Exception as error:  # a fault of the check: listed, and the rest goes on
            return Outcome(mutant, status, fault=f"the check raised {type(error).__name__}: {error}")
        if verdict.status != "refuted":
            return Outcome(
                mutant, "not certified", fault=f"the check says {verdict.status}: {verdict.reason}"
            )
        certified = verdict.witness is not None and verdict.witness.certified
        return Outcome(
            mutant, status if certified or status == "no value" else "not certified", verdict.mistake
        )


def trial(claimed: Claimed, count: int | None = None, seed: int = 0) -> tuple[Trial, int]:
    """A claim with all of its mutants, or so many of them, in random order; and how many there are."""
    general, random = claimed.ask(), Random(f"{claimed.name} {seed}")
    every = mutants(claimed, general)
    found = random.sample(every, len(every) if count is None else min(count, len(every)))
    return Trial(claimed, general, found, random), len(every)


# The deep run -----------------------------------------------------------------------------------------------------


def outcomes(claimed: Claimed, share: float, count: int | None = None) -> tuple[list[Outcome], int]:
    """What became of the mutants of one claim; of so large a share of each kind the mistake is asked."""
    tried, every = trial(claimed, count)
    seen: Counter[str] = Counter()
    found: list[Outcome] = []
    for k, mutant in enumerate(tried.found):
        asked = (
            int(share * (seen[mutant.kind] + 1)) > int(share * seen[mutant.kind]) or seen[mutant.kind] == 0
        )
        found.append(tried.outcome(k, diagnosed=asked))
        seen[mutant.kind] += found[-1].status in ("refuted", "no value")
    return found, every


HEAD = """# Mutants of the backward passes that are proved for every shape

Written by `python -m tests.mutation {options}`. A mutant is the claim's graph with one use of one quantity
negated, doubled, halved or transposed, or with one term or factor dropped. Those that floats cannot tell from the
derivative must be proved equal; of all others no proof for symbolic sizes may succeed, and two disjoint balls must show
the difference at a rational point of small sizes, or that the mutant has no value there (the root of a negative
number).

A share of the mistakes, of each claim and kind at least one, is diagnosed by the whole check. "Named" counts those that
are called by the kind of the edit or by one that goes before it in the order of precedence: the list, with its reasons,
is `NAMES_OF` in `tests/mutation.py`. Of a claim on square matrices, whose graph another claim has, only the transposed
mutants are counted.
"""


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 1)
    yield from ("| " + " | ".join(map(str, row)) + " |" for row in rows)


def page(results: dict[str, tuple[list[Outcome], int]], options: str = "") -> str:
    """The report: counts by claim, by kind of edit, and each mutant of which something is to be said."""
    rows: list[list[object]] = []
    for name, (found, every) in results.items():
        rows.append([name, every, *_counts(found)])
    rows.append(["all", *(sum(int(str(row[k])) for row in rows) for k in range(1, len(rows[0])))])
    head = ["claim", "mutants", "looked at", "equivalent, proved", "refuted, certified", "refuted, no value",
            "otherwise", "diagnosed", "named"]  # fmt: skip
    every = [outcome for found, _ in results.values() for outcome in found]
    return (
        "\n".join(
            [
                HEAD.format(options=options),
                *_table(head, rows),
                "",
                *_by_kind(every),
                "",
                *_to_be_told(results),
            ]
        )
        + "\n"
    )


def _counts(found: Sequence[Outcome]) -> list[int]:
    asked = [o for o in found if o.mistake is not None]
    status = Counter(o.status for o in found)
    settled = [status[s] for s in ("equivalent", "refuted", "no value")]
    named = sum(o.is_named for o in asked)
    return [len(found), *settled, len(found) - sum(settled), len(asked), named]


def _by_kind(every: Sequence[Outcome]) -> Iterator[str]:
    yield "## What the edits were called\n"
    rows = []
    for kind in NAMES_OF:
        asked = [o for o in every if o.mutant.kind == kind and o.mistake is not None]
        names = Counter(o.mistake.kind for o in asked if o.mistake is not None)
        told = ", ".join(f"{name} {count}" for name, count in names.most_common())
        exactly, named = sum(o.is_exactly for o in asked), sum(o.is_named for o in asked)
        rows.append([kind, len(asked), exactly, named, told])
    yield from _table(["edit", "diagnosed", "by its own kind", "named", "as"], rows)


def _to_be_told(results: dict[str, tuple[list[Outcome], int]]) -> Iterator[str]:
    yield "## Mutants that are neither refuted nor proved equal, faults, and other names\n"
    for name, (found, _) in results.items():
        for o in found:
            if o.fault or o.status not in ("refuted", "no value", "equivalent"):
                yield f"- {name}: {o.mutant.edit}: {o.status} {o.fault}".rstrip()
            elif o.mistake is not None and not o.is_named:
                yield f"- {name}: {o.mutant.edit}: {o.mistake.kind}, {o.mistake.detail}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the mistakes that are diagnosed")
    parser.add_argument(
        "--block", type=int, default=BLOCK_SAMPLE, help="so many mutants of the Transformer block"
    )
    parser.add_argument(
        "--block-share", type=float, default=BLOCK_SHARE, help="of its mistakes that are diagnosed"
    )
    parser.add_argument("names", nargs="*", help="of claims; all by default")
    given = parser.parse_args()
    options = f"--share {given.share} --block {given.block} --block-share {given.block_share}"
    results = {}
    for claimed in CLAIMS:
        if not given.names or claimed.name in given.names:
            is_block = claimed.name == BLOCK
            share, count = (given.block_share, given.block) if is_block else (given.share, None)
            results[claimed.name] = outcomes(claimed, share, count)
            (ROOT / "reports" / "mutation.md").write_text(page(results, options))


if __name__ == "__main__":
    main()
