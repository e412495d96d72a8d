"""Which function is an exercise about, and at which inputs? Symbolic sizes become some numbers to compute with."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from symdiff.checking.arguments import parameters
from symdiff.checking.instances import strings, usual
from symdiff.derivations.deriving import derive
from symdiff.derivations.steps import Derivation
from symdiff.errors import InputError, explain
from symdiff.ir.sizes import parse_shape


@dataclass(frozen=True, eq=False)
class Subject:
    """A function, its inputs by name, by which of them it is differentiated, and the domain of the inputs."""

    fn: Callable[..., Any]
    inputs: Any
    wrt: tuple[str, ...] | None = None
    domain: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, Any]:
        """The inputs by the names of the parameters."""
        return parameters(self.fn, self.inputs)

    @property
    def is_symbolic(self) -> bool:
        """Whether some sizes are names."""
        return any(strings(self.named))

    @cached_property
    def derivation(self) -> Derivation:
        """The derivation at the inputs."""
        return derive(self.fn, self.named, self.wrt)

    @cached_property
    def concrete(self) -> tuple[Subject, str]:
        """The subject at numbers as sizes, all of them different, and which ones, in words."""
        if not self.is_symbolic:
            return self, ""
        sizes = next(usual(self.named, small=False))
        rng = random.Random(0)
        named = {name: _filled(value, sizes, rng) for name, value in self.named.items()}
        return replace(self, inputs=named), ", ".join(f"{name}={size}" for name, size in sizes.items())

    def at(self, inputs: Mapping[str, Any]) -> Subject:
        """The same function at other inputs: those that are given take the place of the old ones."""
        named = self.named
        for name, value in inputs.items():
            if name not in named or np.shape(named[name]) != np.shape(value):
                facts: dict[str, object] = {"input": name, "shape": np.shape(value)}
                mend = f"Give inputs of the function in their own shapes: {', '.join(named)}."
                raise InputError(explain("sheet: inputs", facts, mend))
        is_same = all(np.array_equal(named[name], value) for name, value in inputs.items())
        return self if is_same else replace(self, inputs=named | dict(inputs))


def _filled(value: Any, sizes: Mapping[sp.Symbol, int], rng: random.Random) -> Any:
    """Numbers instead of a shape string."""
    if not isinstance(value, str):
        return value
    shape = tuple(int(sp.sympify(s, strict=True).subs(sizes)) for s in parse_shape(value))
    return np.array([rng.randint(-64, 64) / 64 for _ in range(int(np.prod(shape)))]).reshape(shape)
