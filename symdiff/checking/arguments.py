"""How are the function and the claim called? By position where that can be, by name where they ask for it."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from symdiff.errors import InputError, explain

Pairs = Sequence[tuple[str, Any]]
_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_STAR = inspect.Parameter.VAR_POSITIONAL


Wrt: TypeAlias = str | int | Sequence[str | int]


def signature_of(fn: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a callable; none where it does not tell."""
    try:
        return inspect.signature(fn).parameters
    except (TypeError, ValueError):
        return {}


def parameters(fn: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    """The example of each parameter of ``fn`` by name, in order."""
    if isinstance(inputs, Mapping):
        return _by_name(fn, dict(inputs))
    values = inputs if isinstance(inputs, tuple) else (inputs,)
    try:
        bound = inspect.signature(fn).bind(*values)
    except TypeError as error:
        mend = "Give one example for each parameter, in a tuple."
        if isinstance(inputs, list):
            mend = "Give the examples in a tuple, inputs=(x, y): a list is one nested argument."
        elif any(p.kind is _KEYWORD for p in signature_of(fn).values()):
            mend = "Give the examples by name, inputs={'x': x}: some parameters take no position."
        facts: dict[str, object] = {
            "given": type(inputs).__name__ if isinstance(inputs, list) else len(values)
        }
        facts["problem"] = error
        raise InputError(explain(f"inputs of {name_of(fn)}{inspect.signature(fn)}", facts, mend)) from None
    return dict(bound.arguments)


def _by_name(fn: Callable[..., Any], known: dict[str, Any]) -> dict[str, Any]:
    accepted = signature_of(fn)
    names = [n for n in accepted if n in known] if accepted else list(known)
    unknown = [n for n in known if n not in names]
    missing = [
        n
        for n, p in accepted.items()
        if p.default is p.empty and p.kind not in (_STAR, inspect.Parameter.VAR_KEYWORD)
    ]
    missing = [n for n in missing if n not in known]
    if unknown or missing:
        facts: dict[str, object] = {"parameters": ", ".join(accepted)}
        if unknown:
            facts = {"unknown": ", ".join(map(str, unknown)), **facts}
        if missing:
            facts = {"missing": ", ".join(missing), **facts}
        raise InputError(explain(f"inputs of {name_of(fn)}", facts, "Name the parameters of the function."))
    return {n: tuple(known[n]) if n in accepted and accepted[n].kind is _STAR else known[n] for n in names}


def name_of(fn: Callable[..., Any]) -> str:
    """What a callable is called."""
    return getattr(fn, "__name__", type(fn).__name__)


def plain_call(fn: Callable[..., Any], examples: Mapping[str, Any]) -> Any:
    """The function's own value at the examples; InputError if it raises there."""
    args, kwargs = copy.deepcopy(split_call(fn, examples))
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return fn(*args, **kwargs)
    except Exception as error:
        facts: dict[str, object] = {name: _described(value) for name, value in examples.items()}
        facts["raised"] = f"{type(error).__name__}: {error}"
        mend = "Give examples that the function takes"
        mend += (
            ", several of them in a tuple." if any(isinstance(v, list) for v in examples.values()) else "."
        )
        raise InputError(explain(f"{name_of(fn)}({', '.join(examples)})", facts, mend)) from error


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value) if isinstance(value, (int, float, str, np.generic)) else type(value).__name__


def split_call(fn: Callable[..., Any], examples: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Named examples as the arguments of a call of the function that they were given for."""
    known = signature_of(fn)
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for name, value in examples.items():
        skipped = len(args) < list(known).index(name) if name in known else False
        if name in known and known[name].kind is _STAR and not skipped:
            args.extend(value)
        elif name in known and (known[name].kind is _KEYWORD or skipped):
            kwargs[name] = value
        else:
            args.append(value)
    return tuple(args), kwargs


def spread(fn: Callable[..., Any], examples: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The function's arguments one by one: those of ``*xs`` are ``xs[0]``, ``xs[1]``."""
    known = signature_of(fn)
    pairs: list[tuple[str, Any]] = []
    for name, value in examples.items():
        if name in known and known[name].kind is _STAR:
            pairs += [(f"{name}[{k}]", item) for k, item in enumerate(value)]
        else:
            pairs.append((name, value))
    return pairs


def claim_call(claim: Callable[..., Any], pairs: Pairs) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call of the claim, whose parameters may have other names than the function's."""
    named = claim_names(claim, pairs)
    args = [value for (_, value), name in zip(pairs, named, strict=True) if name is None]
    return args, {name: value for (_, value), name in zip(pairs, named, strict=True) if name is not None}


def claim_names(claim: Callable[..., Any], pairs: Pairs) -> list[str | None]:
    """The claim's keyword for each argument, or None where it goes by position."""
    known = signature_of(claim)
    keywords = [name for name, p in known.items() if p.kind is _KEYWORD]
    named: list[str | None] = [name if name in keywords else None for name, _ in pairs]
    if any(p.kind is _STAR for p in known.values()):
        return named
    room = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in known.values())
    free = [name for name in keywords if name not in named and known[name].default is inspect.Parameter.empty]
    rest = [k for k, name in enumerate(named) if name is None]
    for k, name in zip(rest[room:], free, strict=False):
        named[k] = name
    return named


def is_symbolic(value: Any) -> bool:
    """Whether an example holds a shape string."""
    if isinstance(value, str):
        return True
    if isinstance(value, Mapping):
        return any(map(is_symbolic, value.values()))
    return isinstance(value, (list, tuple)) and any(map(is_symbolic, value))


def chosen(wrt: Wrt, names: Sequence[str]) -> tuple[str, ...]:
    """``wrt`` as names: positions become the names of parameters."""
    many = wrt if isinstance(wrt, (tuple, list)) else (wrt,)
    result = []
    for item in many:
        if isinstance(item, (int, np.integer)) and not isinstance(item, bool):
            if not -len(names) <= item < len(names):
                raise InputError(
                    explain(
                        f"wrt={item}", {"parameters": ", ".join(names)}, "Use a name or a smaller position."
                    )
                )
            result.append(names[int(item)])
        elif isinstance(item, str):
            result.append(item)
        else:
            raise InputError(
                explain(
                    f"wrt={item!r}",
                    {"parameters": ", ".join(names)},
                    "Use a name, a position or a tuple of them.",
                )
            )
    if not result:
        raise InputError(explain("wrt=()", {"parameters": ", ".join(names)}, "Name at least one argument."))
    return tuple(result)
