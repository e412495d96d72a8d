"""Which steps repeat? A stack of layers is shown once, with its index, where that says what every layer says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from symdiff.derivations.layout.indices import LETTERS, Affine, Pattern, numbers, pattern, unused
from symdiff.derivations.layout.skeletons import Skeleton, Skeletons
from symdiff.derivations.steps import Derivation, Step

LEAST = 3  # repetitions: any two are affine
FEWEST = 6  # lines that a fold must save


@dataclass(frozen=True)
class Run:
    """``count`` groups of ``period`` items, the first at ``start``."""

    start: int
    period: int
    count: int

    @property
    def end(self) -> int:
        """The place after the last item."""
        return self.start + self.period * self.count

    @property
    def saved(self) -> int:
        """How many lines a fold saves."""
        return self.period * (self.count - 1)


@dataclass(frozen=True)
class Fold:
    """Steps ``first`` to ``last`` are ``lines`` for each of the ``values`` of an index called ``letter``.

    ``names`` says how the quantities of the member that is shown, ``lines``, are called at any index. ``firsts``
    are names that only this fold uses, such as ``x_1`` of a parameter ``x``, and what is meant.
    """

    first: int
    last: int
    letter: str
    values: tuple[int, ...]
    lines: tuple[Step, ...]
    names: Mapping[str, Pattern]
    firsts: Mapping[str, str]

    def members(self, derivation: Derivation) -> list[tuple[Step, ...]]:
        """The steps that are folded, one group for each value of the index."""
        width = len(self.lines)
        return [derivation.steps[k : k + width] for k in range(self.first - 1, self.last, width)]

    def sources(self, derivation: Derivation, line: Step) -> list[tuple[int, ...]]:
        """The steps from which a line comes, each for all values of the index."""
        numbers = {step.quantity: step.number for step in derivation.steps}
        used = [self.names[derivation.steps[number - 1].quantity] for number in line.sources]
        names = [[place.at(value) for value in self.values] for place in used]
        return sorted(tuple(numbers[self.firsts.get(name, name)] for name in row) for row in names)

    @cached_property
    def told(self) -> dict[str, str]:
        """The names of the shown member with the index."""
        return {name: found.text(self.letter) for name, found in self.names.items()}

    def rename(self, step: Step) -> Step:
        """A step with the names of the shown member written with the index."""
        return _renamed(step, self.told)

    def renamed(self, derivation: Derivation) -> Derivation:
        """The derivation with the names of the shown member written with the index."""
        steps = tuple(map(self.rename, derivation.steps))
        names = {node: self.told.get(name, name) for node, name in derivation.names.items()}
        return replace(derivation, steps=steps, names=names)


def folds(derivation: Derivation) -> tuple[Fold, ...]:
    """The folds of a derivation in order; they do not overlap, and each holds for all its members."""
    skeletons = Skeletons(derivation)
    found = []
    for phase in dict.fromkeys(step.phase for step in derivation.steps):
        steps = derivation.phase(phase)
        items = [skeletons.of(step) for step in steps]
        for run in best(items, 0, len(items)):
            fold = fold_of(derivation, steps, items, run)
            if fold is not None:
                found.append(fold)
    return tuple(found)


# Runs -------------------------------------------------------------------------------------------------------


def best(items: Sequence[Skeleton], start: int, end: int) -> Iterator[Run]:
    """The run that saves most between two places, and those before and after it."""
    periods = range(1, (end - start) // LEAST + 1)
    found = [run for period in periods for run in runs(items, period, start, end) if run.saved >= FEWEST]
    if found:
        run = max(found, key=lambda r: (r.saved, -r.period, -_spread(items, r), -r.start))
        yield from best(items, start, run.start)
        yield run
        yield from best(items, run.end, end)


def runs(items: Sequence[Skeleton], period: int, start: int, end: int) -> Iterator[Run]:
    """The longest runs of one period: from each item to the next of its kind, names change by the same numbers."""
    changes = [change(items[i], items[i + period]) for i in range(start, end - period)]
    begin = 0
    for i in range(len(changes) + 1):
        is_last = i == len(changes) or changes[i] is None
        is_other = not is_last and i - period >= begin and changes[i] != changes[i - period]
        if is_last or is_other:
            count, over = divmod(i - begin, period)
            if count + 1 >= LEAST:
                yield from (Run(start + begin + k, period, count + 1) for k in range(over + 1))
            begin = i + 1 if is_last else i - period + 1


def _spread(items: Sequence[Skeleton], run: Run) -> int:
    """How many different indices the quantities of one member have: a layer begins where they are the same."""
    return len({number for head in _heads(items, run) for number in head.numbers if abs(number.slope) == 1})


def _heads(items: Sequence[Skeleton], run: Run) -> list[Pattern]:
    """The names of the quantities of the first member."""
    first = range(run.start, run.start + run.period)
    return [pattern(items[k].numbered[0], items[k + run.period].numbered[0]) for k in first]


def change(one: Skeleton, other: Skeleton) -> tuple[int, ...] | None:
    """By how much the numbers differ in the names of two items; None where something else differs."""
    if one.form != other.form or len(one.names) != len(other.names):
        return None
    found: list[int] = []
    for name, following in zip(one.numbered, other.numbered, strict=True):
        (pieces, start), (others, then) = numbers(name), numbers(following)
        if pieces != others:
            return None
        found += [b - a for a, b in zip(start, then, strict=True)]
    return tuple(found)


# Folds ------------------------------------------------------------------------------------------------------


def fold_of(
    derivation: Derivation, steps: Sequence[Step], items: Sequence[Skeleton], run: Run
) -> Fold | None:
    """A run as a fold; None where it does not hold, or no member tells which of its names depend on the index."""
    groups = [items[k : k + run.period] for k in range(run.start, run.end, run.period)]
    names = [[name for item in group for name in item.numbered] for group in groups]
    places = [pattern(*pair) for pair in zip(names[0], names[1], strict=True)]
    index = _index(_heads(items, run)) or _index(places)
    if index is None:
        return None
    values = tuple(index.at(k) for k in range(run.count))
    patterns = [place.of(Affine(index.slope, -index.slope * index.offset)) for place in places]
    holds = all(group == [p.at(value) for p in patterns] for value, group in zip(values, names, strict=True))
    for k, group in enumerate(groups if holds else []):
        own = [name for item in group for name in item.names]
        told = dict(zip(own, patterns, strict=True))
        if all(told[name] == p for name, p in zip(own, patterns, strict=True)):
            start = run.start + k * run.period
            taken = [step.quantity for step in derivation.steps]
            first, last = steps[run.start].number, steps[run.end - 1].number
            member = tuple(steps[start : start + run.period])
            return Fold(first, last, unused(LETTERS, taken), values, member, told, _firsts(groups))
    return None


def _firsts(groups: Sequence[Sequence[Skeleton]]) -> dict[str, str]:
    pairs = (pair for group in groups for s in group for pair in zip(s.numbered, s.names, strict=True))
    return {new: old for new, old in pairs if new != old}


def _index(quantities: Sequence[Pattern]) -> Affine | None:
    """Which number is the index: the one that most of some names carry."""
    moving = [number for quantity in quantities for number in quantity.numbers if number.slope]
    if not moving:
        return None
    single = Counter(number for number in moving if abs(number.slope) == 1)
    if single:
        return single.most_common(1)[0][0]
    sign = 1 if moving[0].slope > 0 else -1
    return Affine(sign, moving[0].offset // abs(moving[0].slope))


def _renamed(step: Step, told: Mapping[str, str]) -> Step:
    return replace(
        step,
        quantity=told.get(step.quantity, step.quantity),
        above=None if step.above is None else told.get(step.above, step.above),
        below=None if step.below is None else told.get(step.below, step.below),
        terms=tuple(replace(term, through=told.get(term.through, term.through)) for term in step.terms),
        formula=told.get(step.formula, step.formula) if step.rule == "input" else step.formula,
        factors=tuple(tuple(told.get(name, name) for name in product) for product in step.factors),
    )
