"""Are the words of a cell right? Where a value comes from, its structure, its products, whether it is saved."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from symdiff.derivations.steps import Step
from symdiff.exercises.marks import EMPTY, RIGHT, Mark
from symdiff.exercises.numbers import is_empty
from symdiff.exercises.tokens import plain

NONE = "none"
_NONES = frozenset({"none", "no", "nothing", "-", "–", "—", "/"})
_LONGEST, _MOST_STEPS = 500, 200
_FILLING = re.compile(
    r"\b(steps?|rows?|no|nr|forward|backward|update|projection|second|and|from|of|the)\b|[&;,+#.()]"
)
_RANGE = re.compile(r"([0-9]{1,4})\s*(?:-|–|to|\.\.)\s*([0-9]{1,4})")

# The kinds of product under the names that books give them.
_OTHER_NAMES = {
    "elementwise product": "hadamard product",
    "entrywise product": "hadamard product",
    "hadamard": "hadamard product",
    "elementwise": "elementwise function",
    "inner product": "dot product",
    "dot": "dot product",
    "outer": "outer product",
    "matrix vector product": "matrix vector product",
    "matrix matrix product": "matrix product",
    "scalar product": "product of numbers",
    "product of scalars": "product of numbers",
    "multiplication": "product of numbers",
    "scale": "scaling",
    "number": "scalar",
    "column": "vector",
    "column vector": "vector",
}


def mark_sources(step: Step, text: str, names: Mapping[str, int], used: Collection[str]) -> Mark:
    """Step numbers or names of quantities, in any order; ``used`` are those of the student's own right formula."""
    if is_empty(text):
        return EMPTY
    found = _steps(text, names)
    if isinstance(found, str):
        return Mark("unreadable", found)
    if found == set(step.sources):
        return RIGHT
    own = {names[name] for name in used if name in names}
    if used and found == own:
        return Mark("right", "as in your formula")
    missing, extra = sorted(set(step.sources) - found), sorted(found - set(step.sources))
    told = [f"{len(missing)} missing" if missing else "", f"not from {_listed(extra)}" if extra else ""]
    return Mark("wrong", "; ".join(part for part in told if part))


def _steps(text: str, names: Mapping[str, int]) -> set[int] | str:
    """The numbers of the steps that a text lists, or why it cannot be read."""
    if len(text) > _LONGEST:
        return f"it has {len(text)} characters"
    shown = text.strip()
    if shown.lower() in _NONES:
        return set()
    found: set[int] = set()
    for first, last in _RANGE.findall(shown):
        if not 0 <= int(last) - int(first) <= _MOST_STEPS:
            return f"{first}-{last} is no range of steps"
        found.update(range(int(first), int(last) + 1))
    for word in _FILLING.sub(" ", _RANGE.sub(" ", shown)).split():
        name = word if word in names else plain(word).replace("/", "_")
        if name in names:
            found.add(names[name])
        elif re.fullmatch(r"[0-9]{1,4}", word):
            found.add(int(word))
        else:
            return f"{word[:20]!r} is no step"
    unknown = sorted(found - set(names.values()))
    return f"there is no step {_listed(unknown)}" if unknown else found


def _listed(steps: list[int]) -> str:
    return ", ".join(map(str, steps))


def mark_words(text: str, key: str) -> Mark:
    """Structure, products, saved: one or more words, in any order, under any of their usual names."""
    if is_empty(text):
        return EMPTY
    if len(text) > _LONGEST:
        return Mark("unreadable", f"it has {len(text)} characters")
    return RIGHT if _words(text) == _words(key) else Mark("wrong")


def _words(text: str) -> frozenset[str]:
    return frozenset(_word(part) for part in re.split(r"[,;&]| and ", text.lower()) if part.strip()) - {
        "none"
    }


def _word(text: str) -> str:
    word = " ".join(re.sub(r"[-_–]", " ", text).split())
    if not word or word in _NONES:
        return NONE
    axes = re.fullmatch(r"(?:tensor of )?([0-9]+)(?: axes|d tensor)", word)
    return f"tensor of {axes[1]} axes" if axes else _OTHER_NAMES.get(word, word)
