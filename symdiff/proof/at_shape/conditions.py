"""Under which conditions is an identity valid? What was assumed nonzero or positive, and how it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from symdiff.proof.at_shape.fields import Bucket, Generator, Poly, Ring

Need: TypeAlias = Literal["nonzero", "kink", "tie", "positive"]

_LONG = 60


@dataclass(eq=False, slots=True)
class Condition:
    """``poly`` is nonzero, or positive; ``left``: the truth needs it too."""

    need: Need
    poly: Poly
    left: bool


@dataclass(eq=False)
class Conditions:
    """Collects conditions of a graph; ``left``: whether the node at hand belongs to the truth."""

    left: bool = True
    found: dict[Need, Bucket] = field(default_factory=dict)

    def require(self, need: Need, poly: Poly) -> None:
        """Record a condition once."""
        bucket = self.found.setdefault(need, Bucket())
        known: Condition | None = bucket.get(poly)
        if known is None:
            bucket.put(poly, Condition(need, poly, self.left))
        else:
            known.left |= self.left

    def all(self) -> list[Condition]:
        """Every condition, in the order of their needs."""
        return [c for bucket in self.found.values() for _, c in bucket.items()]


def describe(ring: Ring, condition: Condition) -> str:
    """A condition for a reader, such as ``x[0] + x[1] != 0``."""
    text = text_of(ring, condition.poly)
    match condition.need:
        case "nonzero":
            return f"{text} != 0"
        case "positive":
            return f"{text} > 0"
        case "kink":
            return f"away from {text} = 0"
        case "tie":
            return f"no tie: {text} != 0"


def text_of(ring: Ring, poly: Poly) -> str:
    """A polynomial with the names of its generators, cut where it is long."""
    text = ""
    for monomial, coefficient in poly.to_dict().items():
        if len(text) > _LONG:
            text += " + ..."
            break
        factors = [_factor(ring, k, e) for k, e in enumerate(monomial) if e][::-1]
        if not factors or abs(coefficient) != 1:
            factors = [str(abs(coefficient)), *factors]
        text += (" - " if coefficient < 0 else " + ") + "*".join(factors)
    return text[3:] if text.startswith(" + ") else f"-{text[3:]}" if text else "0"


def _factor(ring: Ring, index: int, exponent: int) -> str:
    name = name_of(ring, ring.generators[index])
    return name if exponent == 1 else f"{name}**{exponent}"


def name_of(ring: Ring, generator: Generator) -> str:
    """The name of a generator, from its recipe."""
    return str(generator.recipe.text(lambda poly: text_of(ring, poly)))
