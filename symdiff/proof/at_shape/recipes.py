"""What does a generator stand for? Each recipe can be written, and is evaluated by ``witnesses``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from symdiff.proof.at_shape.fields import Poly

Write: TypeAlias = Callable[[Poly], str]


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """An entry of an input."""

    name: str
    index: tuple[int, ...]

    def text(self, write: Write) -> str:
        """``x[0, 1]``."""
        return f"{self.name}[{', '.join(map(str, self.index))}]" if self.index else self.name


@dataclass(frozen=True, eq=False, slots=True)
class Inverse:
    """``1 / p``."""

    p: Poly

    def text(self, write: Write) -> str:
        """``1/(p)``."""
        return f"(1/({write(self.p)}))"


@dataclass(frozen=True, eq=False, slots=True)
class Exponential:
    """``exp(u)``."""

    u: Poly

    def text(self, write: Write) -> str:
        """``exp(u)``."""
        return f"exp({write(self.u)})"


@dataclass(frozen=True, eq=False, slots=True)
class Root:
    """``|p| ** (1/degree)``."""

    p: Poly
    degree: int

    def text(self, write: Write) -> str:
        """``sqrt(p)``."""
        return f"sqrt({write(self.p)})" if self.degree == 2 else f"({write(self.p)})**(1/{self.degree})"


@dataclass(frozen=True, eq=False, slots=True)
class Logarithm:
    """``log |p|``."""

    p: Poly

    def text(self, write: Write) -> str:
        """``log(p)``."""
        return f"log({write(self.p)})"


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """A function that is not expanded, of canonical arguments."""

    function: Any
    arguments: tuple[Poly, ...]

    def text(self, write: Write) -> str:
        """``erf(u)``."""
        return f"{self.function.__name__}({', '.join(map(write, self.arguments))})"


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    """A transcendental number."""

    number: Any

    def text(self, write: Write) -> str:
        """``pi``."""
        return str(self.number)


@dataclass(frozen=True, eq=False, slots=True)
class Indicator:
    """1 where ``sign * p > 0``, else 0."""

    p: Poly
    sign: int

    def text(self, write: Write) -> str:
        """``[p > 0]``."""
        return f"[{write(self.p)} {'>' if self.sign > 0 else '<'} 0]"


@dataclass(frozen=True, eq=False, slots=True)
class Largest:
    """The maximum of some entries."""

    entries: tuple[Poly, ...]

    def text(self, write: Write) -> str:
        """``max(a, b)``."""
        return f"max({', '.join(map(write, self.entries))})"


@dataclass(frozen=True, eq=False, slots=True)
class Winner:
    """Where the maximum is reached: the share of entry ``position``."""

    entries: tuple[Poly, ...]
    position: int

    def text(self, write: Write) -> str:
        """``[b is max(a, b)]``."""
        return f"[{write(self.entries[self.position])} is max({', '.join(map(write, self.entries))})]"
