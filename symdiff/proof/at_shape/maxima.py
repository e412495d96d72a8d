"""Which entry is the largest? A maximum is a generator of its own, or the winner that a script chose."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symdiff.proof.at_shape.fields import Poly, Undecided
from symdiff.proof.at_shape.recipes import Indicator, Largest, Winner
from symdiff.proof.at_shape.signs import Pair, Signs
from symdiff.proof.at_shape.specials import MINUS_INFINITY, Element, Special


@dataclass(eq=False)
class Race:
    """Distinct entries, their maximum, and who wins; ``case``: the winner that the script chose."""

    entries: list[Poly]
    top: Poly
    shares: list[Poly] | None = None
    clean: bool = False
    case: int | None = None

    def holds(self, entries: list[Poly]) -> bool:
        """Whether these are the same entries, in any order."""
        return all(e in self.entries for e in entries) and all(e in entries for e in self.entries)

    def differences(self) -> list[Poly]:
        """Of all pairs."""
        return [a - b for k, a in enumerate(self.entries) for b in self.entries[:k]]


class Maxima:
    """The maxima of one ring, one race for each set of entries."""

    def __init__(self, signs: Signs) -> None:
        self.signs = signs
        self.ring = signs.ring
        self.races: list[Race] = []

    def largest(self, entries: list[Element]) -> Element:
        """The maximum; entries of minus infinity take no part."""
        if entries and all(e is MINUS_INFINITY for e in entries):
            return MINUS_INFINITY
        _, _, race = self._race(entries)
        return race.top

    def winners(self, entries: list[Element]) -> list[Poly]:
        """The share of each entry in the maximum; equal entries share equally."""
        if entries and all(e is MINUS_INFINITY for e in entries):
            return [self.ring.constant(Fraction(1, len(entries)))] * len(entries)
        kept, places, race = self._race(entries)
        shares = race.shares or self._new_shares(race)
        result = [self.ring.zero] * len(entries)
        for k, place in zip(kept, places, strict=True):
            result[k] = shares[place] * self.ring.constant(Fraction(1, places.count(place)))
        return result

    def _race(self, entries: list[Element]) -> tuple[list[int], list[int], Race]:
        """The finite entries, the place of each among the distinct ones, and the race of those."""
        kept = [k for k, e in enumerate(entries) if not isinstance(e, Special)]
        if any(isinstance(e, Special) and e is not MINUS_INFINITY for e in entries) or not kept:
            raise Undecided("a maximum of infinite or undefined entries")
        self.ring.check_time()
        reduced = [self.ring.reduce(entries[k]) for k in kept]
        race = next((r for r in self.races if r.holds(reduced)), None) or self._new_race(reduced)
        return kept, [race.entries.index(e) for e in reduced], race

    def _new_race(self, reduced: list[Poly]) -> Race:
        entries: list[Poly] = []
        for entry in reduced:
            if entry not in entries:
                entries.append(entry)
        race = Race(entries, entries[0])
        self.races.append(race)
        if len(entries) == 1:
            race.shares = [self.ring.one]
            return race
        self.signs.kinks += len(entries) - 1
        race.clean = not self.signs.strict and all(map(self.signs.positivity.is_clean, race.differences()))
        if self.signs.script is not None and race.clean:
            race.case = self.signs.script.choose(len(entries))
            race.top = entries[race.case]
        else:
            race.top = self.ring.generator(Largest(tuple(entries))).poly
            self.signs.learn(lambda p: self._below_top(race, p))
        return race

    def _new_shares(self, race: Race) -> list[Poly]:
        ring, entries = self.ring, tuple(race.entries)
        if race.clean:
            for difference in race.differences():
                self.signs.conditions.require("tie", difference)
        if race.case is not None:
            race.shares = [ring.constant(int(k == race.case)) for k in range(len(entries))]
            return race.shares
        shares = [
            ring.generator(Winner(entries, k), choice=race.clean, nonnegative=True).poly
            for k in range(len(entries) - 1)
        ]
        for k, share in enumerate(shares if race.clean else ()):
            ring.relate(share * share - share)
            for other in shares[:k]:
                ring.relate(share * other)
        race.shares = [*shares, 1 - sum(shares, ring.zero)]
        for share, entry in zip(race.shares, entries, strict=True):  # who has a share is at the top
            ring.relate(share * (race.top - entry))
        return race.shares

    def _below_top(self, race: Race, p: Poly) -> Pair | None:
        """No entry is above the maximum; without ties all are below it but the winner."""
        for k, entry in enumerate(race.entries):
            if p in (race.top - entry, entry - race.top):
                share = (race.shares or self._new_shares(race))[k]
                below = self.ring.reduce(1 - share) if race.clean else self._loser(share, race.top - entry)
                return (below, self.ring.zero) if p == race.top - entry else (self.ring.zero, below)
        return None

    def _loser(self, share: Poly, gap: Poly) -> Poly:
        """An indicator of entries below the maximum, whose share is zero."""
        loser = self.ring.generator(Indicator(gap, 1), choice=True, nonnegative=True).poly
        self.ring.relate(loser * loser - loser)
        if len(share) == 1:
            self.ring.relate(loser * share)
        return loser
