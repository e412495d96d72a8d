"""What stands on the first page of the reports? All chapters with their outcomes, and what was measured beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from symdiff.chapters.contents import CHAPTERS, Chapter
from symdiff.chapters.marks import words
from symdiff.chapters.pieces import Table
from symdiff.chapters.writing import Report, page, report

# Tables that other programs write as Markdown; shown as pages where they are.
MEASURED = {
    "benchmarks": "Speeds beside other programs: measured on one machine, so not compared in the tests",
    "mutation": "Mutants of the proved backward passes: every wrong one must be refuted",
}
VERDICTS = (
    "verdicts.html",
    "Verdicts on the worked examples",
    "Every claim and printed value of the examples in one table",
)
BACK = (("index.html", "All reports"),)


def index(chapters: Mapping[Chapter, Report], folder: Path) -> dict[str, str]:
    """The index page, and the pages of the tables that are in the folder, by the names of their files."""
    tables = {name: told for name, told in MEASURED.items() if (folder / f"{name}.md").is_file()}
    found = report("index.md.j2", {"chapters": _chapters(chapters), "others": _others(tables, folder)})
    pages = {f"{name}.html": page(_table(folder / f"{name}.md"), BACK) for name in tables}
    return {"index.html": page(found), **pages}


def _chapters(chapters: Mapping[Chapter, Report]) -> Table:
    rows = tuple(
        (
            str(chapter.number),
            f"[{words(chapter.title)}]({chapter.file}.html)",
            words(chapter.part),
            words(chapters[chapter].summary),
            f"[LaTeX]({chapter.file}.tex)",
        )
        for chapter in CHAPTERS
    )
    return Table(("", "report", "of the notes", "outcome", ""), (0.05, 0.2, 0.24, 0.42, 0.09), rows)


def _others(tables: Mapping[str, str], folder: Path) -> Table:
    address, title, told = VERDICTS
    rows = [(f"[{title}]({address})", words(told))] if (folder / address).is_file() else []
    for name, what in tables.items():
        title, _, rest = what.partition(": ")
        rows.append((f"[{words(title)}]({name}.html)", words(rest)))
    return Table(("", ""), (0.4, 0.6), tuple(rows))


def _table(path: Path) -> Report:
    """A file of Markdown as it is."""
    title, _, text = path.read_text(encoding="utf-8").partition("\n")
    return Report(title.removeprefix("# "), text, ())
