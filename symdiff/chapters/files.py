"""Which files do the reports become? For each a page with links to its neighbours, and a LaTeX document; an index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from symdiff.chapters.contents import CHAPTERS, Chapter
from symdiff.chapters.indexing import BACK, index
from symdiff.chapters.writing import Report, document, page


def files_of(reports: Mapping[Chapter, Report], folder: Path) -> dict[str, str]:
    """The texts of some reports by the names of their files; the index only if they are all there."""
    files = {}
    for chapter, report in reports.items():
        files[f"{chapter.file}.html"] = page(report, links(chapter))
        files[f"{chapter.file}.tex"] = document(report)
    return files | (index(reports, folder) if set(reports) == set(CHAPTERS) else {})


def links(chapter: Chapter) -> tuple[tuple[str, str], ...]:
    """The index, and the chapters before and after."""
    place = CHAPTERS.index(chapter)
    near = [CHAPTERS[k] for k in (place - 1, place + 1) if 0 <= k < len(CHAPTERS)]
    return (*BACK, *((f"{c.file}.html", f"{c.number} {c.title}") for c in near))
