"""What do the worked examples hold? Claims with verdicts, printed values, and functions to derive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from symdiff.checking.claims import Claim
from symdiff.checking.printed import Printed
from symdiff.collecting import Found, collect, import_file, judge
from symdiff.errors import InputError, explain
from symdiff.pages.rows import ClaimRow, PrintedRow

Watch = Callable[[str], None]


@dataclass(frozen=True)
class Example:
    """One file of worked examples, its claims judged."""

    module: ModuleType
    claims: tuple[ClaimRow, ...]
    printed: tuple[PrintedRow, ...]
    found: Found

    @property
    def wrong(self) -> tuple[PrintedRow, ...]:
        """The printed values that are not what they should be."""
        return tuple(row for row in self.printed if not row.agrees)

    def of(self, *sources: str) -> tuple[PrintedRow, ...]:
        """The printed values of some tables or sections."""
        return tuple(row for row in self.printed if (row.source or "").startswith(sources))

    def shown(self) -> Mapping[str, Any]:
        """What the notes print, by quantity: ``z1``, and ``dz2_dw2`` for the claims of a step table."""
        texts: dict[str, Any] = {}
        for item in (*self.found.claims, *self.found.tables):
            if isinstance(item.found, Printed):
                texts |= item.found.table
            elif isinstance(item.found, Claim) and item.found.printed is not None:
                texts[item.label] = item.found.printed
        return texts


@dataclass(frozen=True)
class Examples:
    """The folder of the worked examples; each file is read and judged when it is first asked for."""

    folder: Path
    watch: Watch

    @cached_property
    def _read(self) -> dict[str, Example]:
        return {}

    def __getitem__(self, stem: str) -> Example:
        """The example in ``stem.py``; InputError if there is no such file."""
        if stem not in self._read:
            self._read[stem] = self._judged(self.folder / f"{stem}.py")
        return self._read[stem]

    def _judged(self, path: Path) -> Example:
        if not path.is_file():
            facts: dict[str, object] = {"missing": path.as_posix()}
            mend = "Name the folder of the worked examples with --examples."
            raise InputError(explain("symdiff report", facts, mend))
        self.watch(path.name)
        found = collect([path])
        claims: list[ClaimRow] = []
        printed: list[PrintedRow] = []
        for item in (*found.claims, *found.tables):
            row, values = judge(item, None)
            claims += [row] if row is not None else []
            printed += values
        return Example(import_file(path, "symdiff report"), tuple(claims), tuple(printed), found)
