"""Which kinds of mistakes are there, and which comes first when several fit?"""

from __future__ import annotations

KINDS: tuple[str, ...] = (
    "shape",
    "nan",
    "cancellation",
    "edge",
    "threshold",
    "assumption",
    "symmetry",
    "sign",
    "factor",
    "transpose",
    "missing_reduction",
    "wrong_axis",
    "index",
    "swapped",
    "upstream",
    "stale",
    "chain",
    "missing_path",
    "extra_term",
    "second_order",
    "optimizer",
    "convention",
    "wrong_function",
    "unknown",
)
_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}


def rank(kind: str) -> int:
    """The place of a kind in the order of precedence: the most specific first.

    >>> rank("sign") < rank("factor") < rank("unknown")
    True
    """
    return _RANKS[kind]
