"""What does a verdict say, and in which order? A headline and sections, as data for every printer.

``sections`` is what everybody needs: the verdict, the repair, an example, what is right. ``details`` is the rest.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, TypeAlias

from symdiff.pages.examples import Example, example
from symdiff.pages.plain import plain
from symdiff.verdicts import Blindness, Evidence, Mistake, Status, Verdict

_TITLE = re.compile(r"(?P<name>[^:]+): (?P<of>\w+) of (?P<fn>.+?)(?: by (?P<by>.+))?")
_WRONG = {
    "value": "WRONG VALUE",
    "gradient": "WRONG GRADIENT",
    "vjp": "WRONG GRADIENT",
    "jacobian": "WRONG JACOBIAN",
    "hessian": "WRONG HESSIAN",
    "hvp": "WRONG HESSIAN-VECTOR PRODUCT",
    "jvp": "WRONG JACOBIAN-VECTOR PRODUCT",
}
# rounding is no wrong formula, nor is another variant of an optimizer
_OF_KIND = {"nan": "NOT FINITE", "cancellation": "LOST DIGITS", "optimizer": "RULE DIFFERS"}
_MANY = 8  # parts that are listed one by one


@dataclass(frozen=True)
class Headline:
    """The verdict in one line: ``WRONG GRADIENT   softmax_backward, argument x   (certain)``."""

    words: str
    subject: str
    note: str


@dataclass(frozen=True)
class Prose:
    """A label and sentences."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """A label and program text; ``aside`` puts it beside the label instead of below."""

    label: str
    text: str
    aside: bool = False


@dataclass(frozen=True)
class Parts:
    """One line for each argument; ``rest`` counts those that are not listed."""

    label: str
    rows: tuple[tuple[str, Status, str], ...]
    rest: str = ""


Section: TypeAlias = Prose | Code | Example | Parts


def headline(verdict: Verdict) -> Headline:
    """What is said first."""
    match verdict.status:
        case "proved":
            return Headline("PROVED", f"{verdict.question}{_scope(verdict)}", "")
        case "agrees":
            return Headline("AGREES", f"{verdict.question}{_scope(verdict)}", "tested, not proved")
        case "undecided":
            return Headline("UNDECIDED", verdict.question, "")
        case "refuted":
            return _refuted_headline(verdict)


def sections(verdict: Verdict) -> tuple[Section, ...]:
    """What follows, most useful first."""
    found: list[Section] = []
    match verdict.status:
        case "proved":
            found = [*_checked_by(verdict), *_held(verdict)]
        case "agrees":
            found = [
                Prose("Evidence", _evidence(verdict.evidence)),
                *_blind(verdict.blind),
                *_held(verdict),
                Prose("Why not proved", _lines(verdict.reason)),
                Prose("Not checked", _not_checked(verdict)),
            ]
        case "undecided":
            first, *others = verdict.reason.splitlines() or [""]
            found = [Prose("Reason", _lines(first)), Prose("To decide", tuple(map(plain, others)))]
            found += [Prose("So far", _evidence(verdict.evidence)), *_blind(verdict.blind), *_held(verdict)]
        case "refuted":
            found = _refuted(verdict, _telling(verdict))
    parts: list[Section] = [_parts(verdict)] if verdict.parts else []
    return _told([*parts, *found])


def details(verdict: Verdict) -> tuple[Section, ...]:
    """What only some readers want: the question, who checked it, how well, what else it may be."""
    telling = _telling(verdict) if verdict.status == "refuted" else verdict
    found: list[Section] = []
    match verdict.status:
        case "proved":
            found = [Prose("Evidence", _evidence(verdict.evidence)), *_blind(verdict.blind)]
            found += [Prose("Not checked", _not_checked(verdict)), *_place(verdict)]
        case "agrees":
            found = [*_checked_by(verdict), Prose("What is right", _joined(verdict.right)), *_place(verdict)]
        case "undecided":
            found = _checked_by(verdict)
        case "refuted":
            mistake = telling.mistake
            found = [Prose("Question", (question(telling),)), *_checked_by(telling)]
            found += [Prose("Evidence", _evidence(telling.evidence)), *_blind(telling.blind)]
            found += [] if _is_about_limits(mistake) else _held(telling)
            if mistake and mistake.alternatives:
                found.append(Prose("Also possible", (", ".join(map(spoken, mistake.alternatives)),)))
    every = [_parts(verdict, listed=True)] if len(verdict.parts) > _MANY else []
    return _told([*every, *found])


def gist(verdict: Verdict) -> str:
    """One line: what a table of claims has room for."""
    match verdict.status:
        case "proved":
            return verdict.scope
        case "agrees":
            return "; ".join(_evidence(verdict.evidence)) or verdict.scope
        case "undecided":
            return next(iter(verdict.reason.splitlines()), "")
        case "refuted":
            mistake = _telling(verdict).mistake
            return spoken(mistake.kind) if mistake else "wrong"


def spoken(kind: str) -> str:
    """A kind of mistake in words: ``missing path``; ``unknown`` is the mistake without a name."""
    return "not one of the known kinds" if kind == "unknown" else kind.replace("_", " ")


def question(verdict: Verdict) -> str:
    """The question without the claim's name: ``vjp of softmax by x``."""
    found = _TITLE.fullmatch(verdict.question)
    return verdict.question.split(": ", 1)[1] if found else verdict.question


def _refuted_headline(verdict: Verdict) -> Headline:
    telling = _telling(verdict)
    found = _TITLE.fullmatch(verdict.question)
    words = _WRONG.get(found["of"], "WRONG") if found else "WRONG"
    words = _OF_KIND.get(telling.mistake.kind, words) if telling.mistake else words
    subject = found["name"] if found else verdict.question
    if telling.witness and found and found["by"]:
        target = telling.witness.argument
        subject += f", output {target}" if target.startswith("value[") else f", argument {target}"
    sure = telling.witness is None or telling.witness.certified
    return Headline(words, subject, "certain" if sure else "measured, not certified")


def _telling(verdict: Verdict) -> Verdict:
    """The verdict itself, or its first refuted part when only that one knows why."""
    if verdict.witness or verdict.mistake:
        return verdict
    return next((part for part in verdict.parts.values() if part.status == "refuted"), verdict)


def _refuted(whole: Verdict, verdict: Verdict) -> list[Section]:
    mistake, witness = verdict.mistake, verdict.witness
    result: list[Section] = [Code("You return", verdict.returned, aside=True)] if verdict.returned else []
    if mistake:
        if mistake.repair:
            result.append(Code("It should be", _laid_out(mistake.repair), aside=True))
        detail = f"{spoken(mistake.kind)}: {mistake.detail}" if mistake.detail else spoken(mistake.kind)
        result.append(Prose("Mistake", (detail,)))
    if witness:
        found = _TITLE.fullmatch(verdict.question)
        of, fn = (found["of"], found["fn"]) if found else ("", "f")
        result.append(example(witness, of, fn, on_kink=mistake is not None and mistake.kind == "edge"))
    result.append(Prose("Without any reference", verdict.invariants))
    if verdict.reason and not (mistake and (mistake.kind == "shape" or mistake.detail == verdict.reason)):
        is_certain = witness is not None and witness.certified
        result.append(Prose("Certain because" if is_certain else "Reason", _lines(verdict.reason)))
    result += _held(verdict) if _is_about_limits(mistake) else []
    result.append(Prose("What is right", _joined((*verdict.right, *_right_parts(whole)))))
    result += _place(verdict)
    result.append(Prose("Not checked", _not_checked(verdict)))
    return [*result, Code("Reproduce", verdict.snippet)] if verdict.snippet else result


def _is_about_limits(mistake: Mistake | None) -> bool:
    """Whether the mistake is about kinks or floats, so that what is said of them belongs to it."""
    return mistake is not None and mistake.kind in ("edge", "threshold", "nan", "cancellation")


def _right_parts(verdict: Verdict) -> tuple[str, ...]:
    """The arguments that are right."""
    found = []
    for status in ("proved", "agrees"):
        names = [name for name, part in verdict.parts.items() if part.status == status]
        shown = ", ".join(names) if len(names) <= _MANY else f"{len(names)} other arguments"
        found += [f"{shown} ({status})"] if names else []
    return tuple(found)


def _laid_out(formula: str) -> str:
    """A formula and below it the definitions of what it shares."""
    whole, word, shared = formula.partition("  where ")
    definitions = re.split(r", (?=t\d+ = )", shared) if word else []
    heads = ["where ", *[" " * 6] * len(definitions)]
    return "\n".join([whole, *(head + text for head, text in zip(heads, definitions, strict=False))])


def _place(verdict: Verdict) -> list[Section]:
    """Where it stands, and the line there."""
    place = (verdict.mistake and verdict.mistake.where) or verdict.where
    if not place:
        return []
    number = place.rpartition(":")[2]
    is_quoted = verdict.source and verdict.source.strip() not in place
    line = f"\n{number} | {verdict.source}" if is_quoted and number.isdigit() else ""
    return [Code("Where", place + line, aside=True)]


def _checked_by(verdict: Verdict) -> list[Section]:
    return [Prose("Checked by", _joined(tuple(map(plain, verdict.evidence.roads))))]


def _held(verdict: Verdict) -> list[Section]:
    """Under which conditions it holds: assumptions, readings of literals, kinks, floats."""
    return [
        Prose("Assuming", _joined(verdict.evidence.assumptions)),
        Prose("Readings", _joined(verdict.readings)),
        Prose("Kink", tuple((verdict.kink or "").splitlines())),
        Prose("In floats", _floats(verdict)),
    ]


def _floats(verdict: Verdict) -> tuple[str, ...]:
    """What happens in floats, if the mistake does not say it."""
    said = verdict.mistake.detail if verdict.mistake else ""
    return tuple((verdict.numerics or "").splitlines()) if verdict.numerics != said else ()


def _parts(verdict: Verdict, *, listed: bool = False) -> Parts:
    """The arguments; of many only those that are not right, unless all are to be ``listed``."""
    rows = tuple((name, part.status, gist(part)) for name, part in verdict.parts.items())
    if len(rows) <= _MANY or listed:
        return Parts("By argument", rows)
    shown = tuple(row for row in rows if not verdict.parts[row[0]].ok)
    counts = Counter(status for _, status, _ in rows if status in ("proved", "agrees"))
    rest = ", ".join(f"{count} {status}" for status, count in counts.items())
    return Parts("By argument", shown, f"{'and ' if shown else ''}{rest}")


def _evidence(evidence: Evidence) -> tuple[str, ...]:
    facts = [f"{evidence.points} {'point' if evidence.points == 1 else 'points'}"] if evidence.points else []
    facts += [f"at least {evidence.digits} digits"] if evidence.digits is not None else []
    facts += [f"largest error {evidence.ulps:.3g} ULP"] if evidence.ulps is not None else []
    return (", ".join(facts),) if facts else ()


def _blind(blind: Blindness | None) -> list[Section]:
    if blind is None:
        return []
    caught = f"{blind.caught} of {blind.planted} planted mistakes were caught"
    return [Prose("Probe quality", (caught, *blind.warnings))]


def _not_checked(verdict: Verdict) -> tuple[str, ...]:
    """What the verdict leaves open, so that nobody reads more into it."""
    missing = []
    if verdict.scope and verdict.scope not in ("every shape", "all real numbers"):
        missing.append(f"shapes other than {verdict.scope}")
    if verdict.status == "refuted" and not (verdict.mistake and verdict.mistake.repair):
        missing.append("whether this is the only mistake")
    if verdict.status == "proved" and verdict.numerics is None:
        missing.append("rounding in floats away from your inputs")
    return ("; ".join(missing),) if missing else ()


def _scope(verdict: Verdict) -> str:
    return f", for {verdict.scope}" if verdict.scope else ""


def _joined(facts: tuple[str, ...]) -> tuple[str, ...]:
    return ("; ".join(facts),) if facts else ()


def _lines(reason: str) -> tuple[str, ...]:
    return tuple(plain(line) for line in reason.splitlines())


def _told(found: list[Any]) -> tuple[Section, ...]:
    """The sections that say something."""
    return tuple(s for s in found if not isinstance(s, Prose) or s.lines)
