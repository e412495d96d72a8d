"""How is a normal form written? ``sum_k(x[i,k]*y[k])``, cut where it is long."""

from __future__ import annotations

from collections.abc import Mapping

from symdiff.ir.ops import Table
from symdiff.proof.every_shape.heads import Heads
from symdiff.proof.every_shape.terms import Expr, Head, Labels, Mono

_NAMES = "ijklmnopqrstuvw"
_LONG = 160


def text_of(space: Heads, expr: Expr, *, longest: int = _LONG) -> str:
    """A sum for a reader."""
    text = _sum(space, expr, {})
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _sum(space: Heads, expr: Expr, names: Mapping[int, str]) -> str:
    text = ""
    for key, coefficient in expr.items():
        if len(text) > _LONG:
            text += " + ..."
            break
        factors = [] if abs(coefficient) == 1 and key else [str(abs(coefficient))]
        text += (" - " if coefficient < 0 else " + ") + "*".join([*factors, *_factors(space, key, names)])
    return text[3:] if text.startswith(" + ") else f"-{text[3:]}" if text else "0"


def _factors(space: Heads, key: Mono, names: Mapping[int, str]) -> list[str]:
    return [
        _atom(space, space.heads[head], labels, names) + (f"**{exponent}" if exponent != 1 else "")
        for (head, labels), exponent in key
    ]


def _name(label: int, names: Mapping[int, str]) -> str:
    return names.get(label) or (_NAMES[label] if 0 <= label < len(_NAMES) else f"i{abs(label)}")


def _atom(space: Heads, head: Head, labels: Labels, names: Mapping[int, str]) -> str:
    own = [_name(k, names) for k in labels]
    inside = dict(enumerate(own))
    match head.kind:
        case "size" | "prime":
            return str(head.name)
        case "number" if not head.parts:
            return str(head.name)
        case "input" | "array" | "mask" | "delta":
            return _leaf(head) + (f"[{','.join(own)}]" if own else "")
        case "sum":
            return _bound(space, head, inside, head.name, "sum")
        case "maximum":
            return _bound(space, head, inside, head.name, "max")
        case "winner":
            kept = head.name if isinstance(head.name, int) else 0
            inside |= {-1 - k: name for k, name in enumerate(own[kept:])}
            return f"argmax_{''.join(own[kept:])}({_sum(space, head.parts[0], inside)})"
        case "positive":
            return f"[{_sum(space, head.parts[0], inside)} > 0]"
        case "zero":
            return f"[{_sum(space, head.parts[0], inside)} == 0]"
        case "function":
            return (
                f"{type(head.name).__name__}({', '.join(_sum(space, part, inside) for part in head.parts)})"
            )
        case "power" | "number":
            return f"({_sum(space, head.parts[0], inside)})"
        case _:
            return f"{head.kind}({_sum(space, head.parts[0], inside)})"


def _leaf(head: Head) -> str:
    if isinstance(head.name, tuple) and head.name[0] == "cut":
        return f"v{head.name[1]}"
    if isinstance(head.name, tuple) and isinstance(head.name[0], str):
        return f"{head.name[0]}{head.name[1:-1]}"
    if isinstance(head.name, tuple):
        return type(head.name[0]).__name__
    return (
        "table"
        if isinstance(head.name, Table)
        else head.name
        if isinstance(head.name, str)
        else str(head.name)
    )


def _bound(space: Heads, head: Head, inside: Mapping[int, str], sizes: object, word: str) -> str:
    taken = set(inside.values())
    free = [name for name in _NAMES if name not in taken]
    count = len(sizes) if isinstance(sizes, tuple) else 0
    chosen = free[:count]
    bound = dict(inside) | {-1 - k: name for k, name in enumerate(chosen)}
    return f"{word}_{''.join(chosen)}({_sum(space, head.parts[0], bound)})"
