"""Which points are looked at, and what do they say? The caller's, special and random ones; thresholds on demand."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import count, islice

import numpy as np

from symdiff.checking.belonging import WHOLE, own_point, rule_of
from symdiff.checking.comparing import MANY, Comparison, compare
from symdiff.checking.effort import work
from symdiff.checking.kinks.notes import note_smooth
from symdiff.checking.kinks.points import on_kinks
from symdiff.checking.kinks.standing import follows, wrong_on_kink
from symdiff.checking.kinks.thresholds import Threshold, beside, branches, exactly_on, thresholds
from symdiff.checking.kinks.ties import is_on_kink, tied_nodes
from symdiff.checking.options import Options
from symdiff.checking.questions import Question
from symdiff.checking.sampling import Point, at_ends, is_at_end, is_inside, points
from symdiff.checking.screening import Screen
from symdiff.checking.witnesses import Found, by_node

ENOUGH, _FEW = 5, 2
_MANY = 400  # scalar operations
_FIRST = 40
_THRESHOLDS = 8
_TIES = 4
_ENDS = 8
_SECONDS = 6.0
_SPECIAL = (Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2))


@dataclass
class Record:
    """What the probes said of one target."""

    agreed: int = 0
    digits: int = MANY
    wrong: Found | None = None


@dataclass
class Probing:
    """Looks at points until every target of a question has its answer."""

    question: Question
    options: Options
    fit: list[int]
    records: list[Record] = field(default_factory=list)
    seen: list[Point] = field(default_factory=list)
    special: list[Point] = field(default_factory=list)
    on_kinks: int = 0
    drawn: list[Point] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.records = [Record() for _ in self.question.targets]

    @cached_property
    def _screen(self) -> Screen:
        return Screen(self.question)

    @property
    def met(self) -> list[Point]:
        """Every point at which the claim was looked at, kinks included."""
        return self.seen + self.special

    @property
    def waiting(self) -> list[int]:
        """The targets that fit in shape and have not been found wrong."""
        return [] if self.options.is_late else [k for k in self.fit if self.records[k].wrong is None]

    def look(self, point: Point, *, chosen: bool = False) -> None:
        """Compare the waiting targets at one point; on a kink only what lies far outside every limit is wrong.

        With a convention the derivative has one value there too. At a point that was ``chosen`` for being special, a
        claim without a value (0/0) is excused.
        """
        question, waiting = self.question, self.waiting
        assert question.claimed is not None
        store = question.truth.store
        tied = tied_nodes(store, question.kinks, point) if self.options.convention is None else []
        if tied:
            self.on_kinks += 1
            if self._screen.suspects(waiting, point):
                self._look_specially(waiting, point, chosen)
            else:
                self.special.append(point)
                note_smooth(question, point, tuple(tied))
            return
        truth = [question.truth.outputs[k] for k in waiting]
        answers = compare(store, truth, [question.claimed[k] for k in waiting], point)
        if any(answer.outcome == "equal" for answer in answers):
            self.seen.append(point)
        for k, answer in zip(waiting, answers, strict=True):
            excused = answer.outcome == "claim undefined" and self._excuses(chosen, point)
            if not excused and not (answer.outcome == "differ" and self._follows(k, point)):
                self._note(k, answer, point)
        silent = [k for k, answer in zip(waiting, answers, strict=True) if answer.outcome == "no answer"]
        if silent:
            self._look_specially(silent, point, chosen)

    def _follows(self, k: int, point: Point) -> bool:
        """Whether a claim differs from our convention on a kink only, and as the library does that was asked for."""
        question, library = self.question, self.options.convention
        if library is None or not is_on_kink(question.truth.store, question.kinks, point):
            return False
        if not follows(question, k, point, library):
            return False
        self.special.append(point)
        return True

    def _look_specially(self, targets: list[int], point: Point, chosen: bool) -> None:
        """On a kink or at a gap of the derivative's formula: the limits from all sides decide."""
        excused = self._excuses(chosen, point)
        found = wrong_on_kink(self.question, tuple(targets), point, excused=excused)
        for k, comparison in (found or {}).items():
            self.records[k].wrong = Found(self.question, point, k, comparison)
        if found == {}:
            self.special.append(point)

    def _excuses(self, chosen: bool, point: Point) -> bool:
        """Whether a claim needs no value at a point that was chosen: not if the caller's domain holds it inside."""
        domain = self.options.domain
        if not chosen or not all(name in domain for name in self.question.wrt):
            return chosen
        return is_at_end(self.question.truth, point, domain)

    def _note(self, k: int, answer: Comparison, point: Point) -> None:
        record = self.records[k]
        if answer.outcome == "equal":
            record.agreed += 1
            record.digits = min(record.digits, answer.digits)
        elif answer.outcome != "no answer":
            record.wrong = Found(self.question, point, k, answer)

    def easily(self) -> None:
        """The caller's point, special points, ties of the claim's own branches, and a few random points."""
        for point in _own(self.question, self.options):
            self.look(point)
        special = (*_special(self.question, self.options), *self._ends())
        for point in (*special, *self._ties(), *self._kinks()):
            if self.waiting:
                self.look(point, chosen=True)
        before = {k: self.records[k].agreed for k in self.fit}
        enough = _FEW if self._is_long else ENOUGH
        for number, point in enumerate(islice(self._stream(), _FIRST), 1):
            if not self._settled(before, enough) or self._screen.differing(self.waiting, point):
                self.look(point)
            if number >= ENOUGH and self._settled(before, enough):
                return

    def _settled(self, before: Mapping[int, int], enough: int) -> bool:
        return all(self.records[k].agreed - before[k] >= enough for k in self.waiting)

    @property
    def _is_long(self) -> bool:
        """Whether balls cost much more than floats, which then look at some of the points before them."""
        assert self.question.claimed is not None
        return work(self.question.truth.store, (*self.question.truth.outputs, *self.question.claimed)) > _MANY

    def hard(self) -> None:
        """As many points as the caller allows, in every regime, then both sides of every threshold."""
        end = time.monotonic() + _SECONDS
        for point in islice(self._stream(), self.options.examples):
            if not self.waiting or time.monotonic() > end:
                break
            self.look(point)
        truth, domain = self.question.truth, self.options.domain
        labels = [n for n in truth.inputs if rule_of(truth, n, domain) in WHOLE]
        for threshold in self._branches()[:_THRESHOLDS]:
            for point in beside(truth.store, threshold, self.seen[:_FIRST], labels):
                if self.waiting:
                    self.look(point)

    def untaken(self) -> Threshold | None:
        """A branch of which only one side was ever seen."""
        store = self.question.truth.store
        for threshold in self._branches():
            found: set[tuple[int, bool]] = set()
            for point in self.met:
                found |= branches(store, threshold, point)
                if all((k, not holds) in found for k, holds in found) and found:
                    break
            if any((k, not holds) not in found for k, holds in found):
                return threshold
        return None

    def _stream(self) -> Iterator[Point]:
        """Random points, the same ones each time."""
        for number in count():
            if number == len(self.drawn):
                self.drawn.append(next(self._source))
            yield self.drawn[number]

    @cached_property
    def _source(self) -> Iterator[Point]:
        question = self.question
        return points(question.truth, by_node(question), self.options.domain, self.options.seed)

    def _branches(self) -> list[Threshold]:
        assert self.question.claimed is not None
        return thresholds(self.question.truth.store, (*self.question.forward.outputs, *self.question.claimed))

    def _kinks(self) -> Iterator[Point]:
        """Points on one kink of the function at a time."""
        question, domain = self.question, self.options.domain
        base = next(self._stream())
        if question.wrt:
            yield from on_kinks(question, base, lambda point: is_inside(question.truth, point, domain, base))

    def _ends(self) -> Iterator[Point]:
        """Points at the finite ends of the caller's intervals."""
        if any(isinstance(rule, tuple) for rule in self.options.domain.values()):
            yield from islice(at_ends(self.question.truth, next(self._stream()), self.options.domain), _ENDS)

    def _ties(self) -> Iterator[Point]:
        """Points exactly on the branches that are no kinks of the function."""
        question = self.question
        assert question.claimed is not None
        store = question.truth.store
        kinks = set(question.kinks)
        own = [t for t in thresholds(store, question.claimed) if t.node not in kinks]
        movable = [n for n in question.truth.inputs if store.kind(n) == "real"]
        base = next(self._stream()) if own else {}
        for threshold in own[:_THRESHOLDS]:
            for point in islice(exactly_on(store, threshold, base, movable), _TIES):
                if is_inside(question.truth, point, self.options.domain, base):
                    yield point


def _own(question: Question, options: Options) -> Iterator[Point]:
    """The caller's example; a cotangent or direction is drawn."""
    own = own_point(question, options.domain)
    if own is None:
        return
    if len(own) < len(question.truth.inputs):
        own = next(points(question.truth, by_node(question), options.domain, options.seed)) | own
    yield own


def _special(question: Question, options: Options) -> Iterator[Point]:
    """All zeros, all ones, all equal: where ties and empty sums show; the other arguments drawn or alike."""
    graph, store = question.truth, question.truth.store
    drawn = next(points(graph, by_node(question), options.domain, options.seed + 2))
    names = [
        question.forward.node(leaf) for name in question.wrt for leaf in question.forward.leaf_names(name)
    ]
    moving = [n for n in (names or graph.inputs) if n in drawn and store.kind(n) == "real"]
    for value in _SPECIAL:
        point = dict(drawn)
        for node in moving:
            filled = np.empty(drawn[node].shape, dtype=object)
            filled[...] = value
            point[node] = filled
        if is_inside(graph, point, options.domain, drawn):
            yield point
