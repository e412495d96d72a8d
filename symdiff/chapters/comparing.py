"""Is a report that is kept the one that a fresh run writes? All but the strokes of drawings is compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

EXCEPTED = ("benchmarks.html",)  # measured
_STROKES = re.compile(r"<svg.*?</svg>", re.DOTALL)


def differing(files: Mapping[str, str], folder: Path) -> list[str]:
    """The names of the files in a folder that are missing or say something else."""
    return [name for name in files if name not in EXCEPTED and not _is_kept(files[name], folder / name)]


def comparable(text: str) -> str:
    """A text without its drawings, whose strokes are rounded otherwise by another release of matplotlib."""
    return _STROKES.sub("", text)


def _is_kept(text: str, path: Path) -> bool:
    return path.is_file() and comparable(path.read_text(encoding="utf-8")) == comparable(text)
