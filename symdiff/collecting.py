"""Which claims are marked in files and folders? Python files are imported, as pytest does."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from symdiff.checking.claims import Claim
from symdiff.checking.printed import Printed, PrintedValue
from symdiff.errors import InputError, NoClaims, SymdiffError, explain
from symdiff.pages.rows import ClaimRow, PrintedRow
from symdiff.verdicts import Verdict

_PREFIX = "symdiff_checked_"


@dataclass(frozen=True)
class Item:
    """A claim or a table of printed values, and where it stands."""

    file: str
    label: str
    found: Claim | Printed


@dataclass(frozen=True)
class Found:
    """What some files hold."""

    title: str
    claims: tuple[Item, ...]
    tables: tuple[Item, ...]


def collect(paths: Sequence[Path]) -> Found:
    """The marked claims of files and of all Python files in folders, in the order of the files and their lines."""
    claims: list[Item] = []
    tables: list[Item] = []
    for path in _files(paths):
        for item in _items(path):
            (claims if isinstance(item.found, Claim) else tables).append(item)
    if not claims and not tables:
        facts: dict[str, object] = {"files": ", ".join(p.as_posix() for p in paths)}
        raise NoClaims(explain("symdiff check", facts, "Mark claims with @sd.derivative_of(fn, inputs=...)."))
    return Found(", ".join(p.as_posix() for p in paths), tuple(claims), tuple(tables))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                p for p in path.rglob("*.py") if not any(part.startswith(".") for part in p.parts[1:])
            )
        elif path.is_file():
            yield path
        else:
            raise InputError(
                explain(
                    f"symdiff check {path}", {"path": path}, "Give a Python file or a folder that exists."
                )
            )


def _items(path: Path) -> Iterator[Item]:
    """Marked objects of the module itself, also those in its lists, tuples and dicts."""
    module = import_file(path)
    seen: set[int] = set()
    for name, value in _marked(vars(module)):
        if id(value) not in seen and not (isinstance(value, Claim) and value.module != module.__name__):
            seen.add(id(value))
            yield Item(path.as_posix(), name, value)


def _marked(values: Mapping[str, Any]) -> Iterator[tuple[str, Claim | Printed]]:
    for name, value in list(values.items()):
        if isinstance(value, (Claim, Printed)):
            yield name, value
        elif isinstance(value, dict):
            yield from _marked({f"{name}[{key!r}]": item for key, item in value.items()})
        elif isinstance(value, (list, tuple)):
            yield from _marked({f"{_own_name(item) or name}[{k}]": item for k, item in enumerate(value)})


def _own_name(value: Any) -> str:
    return value.__name__ if isinstance(value, Claim) else ""


def import_file(path: Path, call: str = "symdiff check") -> ModuleType:
    """The module of a file, imported where its neighbours are found; raises InputError if it cannot be."""
    name = f"{_PREFIX}{path.resolve().as_posix().strip('/').replace('/', '_').removesuffix('.py')}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(explain(f"{call} {path}", {"file": path}, "Give a Python file."))
    module = importlib.util.module_from_spec(spec)
    folder = path.resolve().parent
    before = set(sys.modules)
    sys.modules[name] = module
    sys.path.insert(0, str(folder))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        problem = f"{type(error).__name__}: {error}"
        raise InputError(
            explain(f"{call} {path}", {"import": problem}, "Mend the file so that it imports.")
        ) from error
    finally:
        sys.path.remove(str(folder))
        _forget_neighbours(folder, before)
    return module


def _forget_neighbours(folder: Path, before: set[str]) -> None:
    """Another folder may have files of the same names: each file sees its own neighbours."""
    for name in set(sys.modules) - before:
        top = name.partition(".")[0]
        if any((folder / place).is_file() for place in (f"{top}.py", f"{top}/__init__.py")):
            del sys.modules[name]


def judge(item: Item, timeout: float | None) -> tuple[ClaimRow | None, list[PrintedRow]]:
    """The row of a claim and the printed values that belong to it; a question that cannot be asked is undecided."""
    found = item.found
    if isinstance(found, Printed):
        return None, _printed(item, found.values, found.table)
    start = time.perf_counter()
    verdict = _verdict(found, timeout)
    seconds = time.perf_counter() - start
    table = {} if found.printed is None else {item.label: found.printed}
    shown = _printed(item, lambda: [found.printed_value()], table)
    first = shown[0] if shown else None
    row = ClaimRow(item.file, found.line, item.label, verdict.question, found.source, verdict, seconds, first)
    return row, shown


def _verdict(claim: Claim, timeout: float | None) -> Verdict:
    more: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
    try:
        return claim.verdict(**more)
    except (
        Exception
    ) as error:  # function and claim are foreign code: whatever they raise, the others are judged
        reason = f"the question could not be asked: {_problem(error)}"
        return Verdict("undecided", f"{claim.__name__}: {claim.of}", "nothing", reason=reason)


def _problem(error: Exception) -> str:
    return str(error) if isinstance(error, SymdiffError) else f"{type(error).__name__}: {error}"


def _printed(
    item: Item, values: Callable[[], Sequence[PrintedValue | None]], table: Mapping[str, Any]
) -> list[PrintedRow]:
    """The rows of printed values; where they cannot be compared, they do not agree and the reason is shown."""
    source = item.found.source
    try:
        return [_row(item, value, source) for value in values() if value is not None]
    except Exception as error:  # foreign code again
        problem = f"could not be compared: {_problem(error)}"
        return [
            PrintedRow(item.file, source, name, str(text), problem, False) for name, text in table.items()
        ]


def _row(item: Item, value: PrintedValue, source: str | None) -> PrintedRow:
    quantity = value.quantity if isinstance(item.found, Printed) else item.label
    return PrintedRow(item.file, source, quantity, value.printed, value.recomputed, value.agrees, value.exact)
