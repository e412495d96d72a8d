"""Under which names is an entry known, and at which sizes and settings is it judged?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Names:
    """The names under which others know an entry, and how theirs ``differs``."""

    torch: str = ""
    jax: str = ""
    keras: str = ""
    differs: str = ""


@dataclass(frozen=True)
class Case:
    """Sizes (shape strings, or arrays) and keyword settings at which an entry is judged."""

    inputs: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """``stride=2`` for settings, else the shapes that are text."""
        shapes = [f"{k} {v!r}" for k, v in self.inputs.items() if isinstance(v, str)]
        told = [f"{k}={getattr(v, '__name__', v)}" for k, v in self.settings.items()]
        return ", ".join(told or shapes)
