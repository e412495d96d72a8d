"""Which line of the user's code is running? Asked for every new node and for every complaint."""

from __future__ import annotations

import linecache
import os
import sys
from functools import cache
from types import FrameType
from typing import NoReturn

import numpy as np
import scipy

from symdiff.doors.refused import noted
from symdiff.errors import SymdiffError, explain
from symdiff.ir import pausing

_INTERNAL = tuple(
    os.path.dirname(os.path.abspath(file)) + os.sep
    for file in (__file__, pausing.__file__, np.__file__, scipy.__file__)
)
_CALLERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "checking") + os.sep
_texts: dict[tuple[str, int], str] = {}


@cache
def _is_internal(filename: str) -> bool:
    return filename.startswith(_INTERNAL) or filename.startswith("<__array_function__")


def _user_frame() -> FrameType | None:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and _is_internal(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None or frame.f_code.co_filename.startswith(_CALLERS) else frame


def place() -> str:
    """The user's line as ``file:line``."""
    frame = _user_frame()
    return "" if frame is None else _text(frame.f_code.co_filename, frame.f_lineno)


def source_line() -> str:
    """The text of the user's line."""
    frame = _user_frame()
    return "" if frame is None else linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()


def _text(filename: str, line: int) -> str:
    found = _texts.get((filename, line))
    if found is None:
        found = _texts[filename, line] = f"{_short(filename)}:{line}"
    return found


@cache
def _short(filename: str) -> str:
    here = os.getcwd() + os.sep
    return filename[len(here) :] if filename.startswith(here) else os.path.basename(filename)


def located(call: str, facts: dict[str, object], mend: str) -> str:
    """A three-part message whose first fact is the user's line."""
    where, source = place(), source_line()
    line = f"{where}: {source}" if source else where
    return explain(call, {"line": line, **facts} if where else facts, mend)


def complain(kind: type[SymdiffError], call: str, facts: dict[str, object], mend: str) -> NoReturn:
    """Raise an error that names the user's line."""
    raise noted(kind(located(call, facts, mend)))
