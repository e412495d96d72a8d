"""What is the page of a library entry made of? Its words, judged claims, wrong twins, forms with errors, a curve."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from symdiff.pictures.landscapes import Landscape
from symdiff.verdicts import Status


@dataclass(frozen=True)
class Judged:
    """A statement with its verdict: what it says, for which inputs it holds, or why not."""

    label: str
    says: str
    status: Status
    scope: str
    detail: str = ""


@dataclass(frozen=True)
class Twin:
    """A classic mistake, the kind under which it is refuted, and the smallest example."""

    label: str
    says: str
    kind: str
    status: Status
    found: str
    detail: str
    example: str

    @property
    def caught(self) -> bool:
        """Whether it is refuted under its own kind."""
        return self.status == "refuted" and self.found == self.kind


@dataclass(frozen=True)
class FormRow:
    """One form of the function or a derivative: its largest error in a dtype, where, and where it fails."""

    order: int
    form: str
    dtype: str
    ulp: float
    at: float
    fails: tuple[str, ...]


@dataclass(frozen=True)
class Kink:
    """Where a curve bends or breaks: the place, the order of the derivative that jumps, its two sides."""

    at: float
    order: int
    left: float
    right: float


@dataclass(frozen=True)
class Curve:
    """A function of one number with two derivatives at some places, its kinks, and where its slope is small."""

    label: str
    xs: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    kinks: tuple[Kink, ...]
    flat: tuple[tuple[float, float], ...]
    bound: float


@dataclass(frozen=True)
class Card:
    """What is known of an entry before anything is judged."""

    name: str
    kind: str
    notes: str
    source: str
    torch: str
    jax: str
    keras: str
    differs: str
    says: str
    formula: str
    domain: str
    kinks: str


@dataclass(frozen=True)
class Sheet:
    """Everything that is shown of one entry."""

    card: Card
    text: tuple[str, ...]
    derivatives: tuple[Judged, ...]
    forms: tuple[Judged, ...]
    facts: tuple[Judged, ...]
    twins: tuple[Twin, ...]
    accuracy: tuple[FormRow, ...]
    curve: Curve | None
    moving: str = ""  # what is varied where errors are measured, if not the one argument
    landscapes: tuple[Landscape, ...] = ()

    @property
    def statuses(self) -> tuple[Status, ...]:
        """The verdicts that must be good; a wrong twin that is not caught counts as refuted."""
        judged = [row.status for row in (*self.derivatives, *self.forms, *self.facts)]
        return (*judged, *("proved" if twin.caught else "refuted" for twin in self.twins))


def as_json(sheet: Sheet) -> str:
    """The sheet for machines, without the points of curves and paths."""
    content = asdict(replace(sheet, landscapes=()))
    del content["landscapes"]
    content["curve"] = sheet.curve and {
        "label": sheet.curve.label,
        "kinks": [asdict(k) for k in sheet.curve.kinks],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def cards_as_json(cards: tuple[Card, ...]) -> str:
    """The registry for machines."""
    return json.dumps([asdict(card) for card in cards], indent=2, ensure_ascii=False)
