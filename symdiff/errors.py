"""Every error that symdiff raises, on one page; each is also the builtin that a caller would expect.

A message says three things: the call, what disagrees as ``name=value``, and how to mend it.
"""

from __future__ import annotations


class SymdiffError(Exception):
    """The root of the errors below."""


class ShapeError(SymdiffError, ValueError):
    """Sizes that must agree do not."""


class LabelError(ShapeError):
    """A label string that does not describe its operands."""


class DtypeError(SymdiffError, TypeError):
    """A dtype that has no derivative here: complex, object, text."""


class TracingError(SymdiffError, TypeError):
    """The function cannot be read as one fixed graph."""


class UnknownFunction(TracingError):
    """A function whose formula symdiff does not know."""


class ValueDependentBranch(TracingError):
    """An ``if`` or ``while`` that looks at the value of a traced array."""


class MutationError(TracingError):
    """A write into an input, or through a view that is still alive."""


class ImpureFunction(TracingError):
    """Two runs on the same inputs gave different graphs or different values."""


class InputError(SymdiffError, ValueError):
    """Inputs that the question cannot be asked about: NaN, unknown names, empty claims."""


class NotCompilable(SymdiffError, ValueError):
    """The arithmetic has no form for some operation of the graph."""


class LegalityError(SymdiffError, AssertionError):
    """A transformation left a graph whose shapes do not follow from its operations."""


class Undetermined(SymdiffError, ArithmeticError):
    """A ball is too wide to decide a comparison."""


class OutOfTime(SymdiffError, TimeoutError):
    """The time that the caller gave is over; ``check`` answers undecided."""


class WrongDerivative(SymdiffError, AssertionError):
    """A claim was refuted; the text is the report."""


class UndecidedDerivative(SymdiffError, AssertionError):
    """A claim could be neither accepted nor refuted; the text is the report."""


class NoClaims(SymdiffError, ValueError):
    """A file or folder holds no marked claim."""


def explain(call: str, facts: dict[str, object], mend: str) -> str:
    """Lay out one message.

    >>> print(explain("dot(a, b)", {"a": "(2,)", "b": "(3,)"}, "Transpose one of them."))
    dot(a, b)
      a=(2,)
      b=(3,)
      Transpose one of them.
    """
    return "\n".join([call, *(f"  {name}={value}" for name, value in facts.items()), f"  {mend}"])
