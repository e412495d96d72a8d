"""How does somebody mark a derivative for checking? A decorator; the function stays an ordinary function."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from symdiff.checking.arguments import Wrt, parameters
from symdiff.checking.checks import check
from symdiff.checking.domains import Domain
from symdiff.checking.printed import PrintedValue, claim_value
from symdiff.checking.questions import Of, ask
from symdiff.errors import InputError, explain
from symdiff.verdicts import Verdict


@dataclass(frozen=True, eq=False)
class Claim:
    """A marked derivative: callable as before, with ``verdict()`` and what a text prints for it."""

    claim: Callable[..., Any]
    fn: Callable[..., Any]
    inputs: Any
    wrt: Wrt
    of: Of
    printed: Any = None
    source: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    module: str = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.claim(*args, **kwargs)

    @property
    def traced_as(self) -> Callable[..., Any]:
        """The function that stands for the claim where it is called in traced code."""
        return self.claim

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.claim)

    @property
    def __name__(self) -> str:
        return getattr(self.claim, "__name__", type(self.claim).__name__)

    @property
    def line(self) -> int:
        """The line of the file at which the claim is written."""
        code = getattr(inspect.unwrap(self.claim), "__code__", None)
        return code.co_firstlineno if code is not None else 0

    def verdict(self, **more: Any) -> Verdict:
        """Judge the claim, with more options of ``check`` if wanted."""
        return check(self.fn, self.claim, self.inputs, wrt=self.wrt, of=self.of, **{**self.options, **more})

    def printed_value(self) -> PrintedValue | None:
        """What the text prints beside the exact derivative at the inputs; None if it prints nothing."""
        if self.printed is None:
            return None
        question = ask(self.fn, self.claim, parameters(self.fn, self.inputs), self.wrt, self.of)
        if len(question.targets) != 1:
            facts: dict[str, object] = {"targets": ", ".join(question.targets)}
            raise InputError(
                explain(f"printed= of {self.__name__}", facts, "Mark one claim for each printed value.")
            )
        return claim_value(question, 0, self.printed)


def derivative_of(
    fn: Callable[..., Any],
    *,
    inputs: Any,
    wrt: Wrt = 0,
    of: Of = "gradient",
    domain: Domain | None = None,
    convention: str | None = None,
    dtype: str = "float64",
    printed: Any = None,
    source: str | None = None,
) -> Callable[[Callable[..., Any]], Claim]:
    """Mark a function as the derivative of ``fn``, so that ``symdiff check`` and the tests find it.

    ``printed`` is what a text prints for it at ``inputs``: a string, which keeps its digits, or nested lists of
    strings; ``source`` says where. The options are those of ``check``.

    >>> import numpy as np
    >>> @derivative_of(np.tanh, inputs=(0.5,))
    ... def dtanh(x):
    ...     return 1 - np.tanh(x) ** 2
    >>> dtanh.verdict().status
    'proved'
    """
    options = {"domain": domain, "convention": convention, "dtype": dtype}

    def mark(claim: Callable[..., Any]) -> Claim:
        module = sys._getframe(1).f_globals.get("__name__", "")
        return Claim(claim, fn, inputs, wrt, of, printed, source, options, module)

    return mark
