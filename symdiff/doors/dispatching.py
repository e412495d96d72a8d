"""Which rule answers a NumPy call? One table from functions to rules, and the call itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import numpy as np

from symdiff.doors.aliasing import note_view
from symdiff.doors.dims import Dim
from symdiff.doors.places import complain, located
from symdiff.doors.recording import Recording, current
from symdiff.doors.refused import noted
from symdiff.doors.traced import Traced
from symdiff.errors import MutationError, SymdiffError, TracingError, UnknownFunction

Function = Callable[..., Any]
_F = TypeVar("_F", bound=Function)


@dataclass(frozen=True, slots=True)
class Rule:
    """How a function acts on nodes.

    ``view``: NumPy's result shows the first argument's memory; ``sequence``: it takes arrays in a list.
    """

    action: Function
    view: bool = False
    sequence: bool = False


RULES: dict[Any, Rule] = {}
REFUSED: dict[Any, tuple[str, str]] = {}
_WRITERS = frozenset([np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask])


def rule(*functions: Any, view: bool = False, sequence: bool = False) -> Callable[[_F], _F]:
    """Declare the rule of some NumPy functions; it is called with the recording before their arguments."""

    def declare(action: _F) -> _F:
        for function in functions:
            RULES[function] = Rule(action, view, sequence)
        return action

    return declare


def dispatch(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a NumPy function on arguments of which some are traced."""
    out = kwargs.pop("out", None) if kwargs else None
    recording = _recording_of(args, kwargs)
    result = _fold(function, args, kwargs) if recording is None else _apply(recording, function, args, kwargs)
    return result if out is None else _write_out(function, result, out)


def traced_values(value: Any) -> Iterator[Traced]:
    """The traced arrays in nested lists and tuples."""
    if isinstance(value, Traced):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from traced_values(item)


def name_of(function: Any) -> str:
    """A function as the user writes it: ``np.linalg.inv``."""
    name = getattr(function, "__name__", type(function).__name__)
    module = getattr(function, "__module__", None) or ""
    if isinstance(function, np.ufunc):
        return f"np.{name}" if getattr(np, name, None) is function else f"scipy.special.{name}"
    return (
        f"{module.replace('numpy', 'np', 1)}.{name}" if module not in ("", "builtins", "__main__") else name
    )


def _recording_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Recording | None:
    """The recording of the first traced array; None when all are constants."""
    symbolic = False
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, Traced):
            if value.value is None:
                return value.recording
        elif isinstance(value, (list, tuple)):
            for item in traced_values(value):
                if item.value is None:
                    return item.recording
            symbolic = symbolic or any(isinstance(item, Dim) for item in value)
        elif isinstance(value, Dim):
            symbolic = True
    return current.get() if symbolic else None


def _apply(recording: Recording, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    found = RULES.get(function)
    if found is None:
        refuse_unknown(function, args)
    try:
        if not found.sequence:
            args = tuple(
                _stacked(recording, value) if type(value) in (list, tuple) else value for value in args
            )
        result = found.action(recording, *args, **kwargs)
    except SymdiffError as error:
        raise noted(_with_line(error, function)) from None
    except TypeError as error:
        noted(error)
        if "argument" not in str(error):
            raise
        complain(
            TracingError, name_of(function), {"why": error}, "Leave out this option, or write it with others."
        )
    if found.view:
        _note_views(result, args[0])
    return result


def _stacked(recording: Recording, value: Any) -> Any:
    """A list of traced numbers as NumPy takes it: as an array."""
    if any(True for _ in traced_values(value)):
        return RULES[np.stack].action(recording, value)
    return value


def _with_line(error: SymdiffError, function: Any) -> SymdiffError:
    if "\n  line=" in str(error):
        return error
    first, *rest = str(error).split("\n")
    name = name_of(function)
    text = located(first if name in first else f"{name}: {first}", {}, "")
    return type(error)("\n".join([*text.rstrip().split("\n"), *rest]))


def _note_views(result: Any, base: Any) -> None:
    if isinstance(base, Traced):
        for view in traced_values(result):
            note_view(view, base)


def _fold(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Plain NumPy, on the values of constants."""
    constants = list(traced_values([*args, *kwargs.values()]))
    if function in _WRITERS and isinstance(args[0], Traced):
        copy = np.array(plain(args[0]))
        function(copy, *map(plain, args[1:]), **{key: plain(value) for key, value in kwargs.items()})
        args[0][...] = copy
        return None
    values = function(*map(plain, args), **{key: plain(value) for key, value in kwargs.items()})
    result = wrap(values, type(constants[0]))
    for view in traced_values(result):
        for base in constants:
            if np.may_share_memory(view.known(), base.known()):
                note_view(view, base)
    return result


def plain(value: Any) -> Any:
    """The values of constants in nested lists and tuples."""
    if isinstance(value, Traced):
        return value.known()
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    return value


def wrap(value: Any, kind: type[Traced]) -> Any:
    """Arrays become constants of the traced function, which may be written into."""
    if isinstance(value, np.ndarray):
        return kind.constant(value)
    if type(value) in (list, tuple):
        return type(value)(wrap(item, kind) for item in value)
    return value


def _write_out(function: Any, result: Any, out: Any) -> Any:
    target = out[0] if isinstance(out, tuple) else out
    if not isinstance(target, Traced):
        complain(
            MutationError,
            f"{name_of(function)}(..., out=...)",
            {"out": type(target).__name__, "why": "it was not created inside the function"},
            f"Use the result: y = {name_of(function)}(...).",
        )
    target[...] = result
    return target


def refuse_unknown(function: Any, args: tuple[Any, ...]) -> NoReturn:
    """Say why a function cannot be traced, and how to make it known."""
    name = name_of(function)
    if function in REFUSED:
        why, mend = REFUSED[function]
        complain(UnknownFunction, name, {"why": why}, mend)
    arguments = ", ".join("abcdefgh"[: max(1, sum(isinstance(a, Traced) for a in args))])
    complain(
        UnknownFunction,
        name,
        {"why": "symdiff does not know its formula"},
        "If it acts entry by entry, register it in one line: "
        f"sd.register({name}, lambda {arguments}: <SymPy formula>).",
    )
