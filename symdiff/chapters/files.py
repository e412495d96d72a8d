"""Which files does a report become? A page with links to its neighbours, and a LaTeX document."""

from __future__ import annotations

from pathlib import Path

from symdiff.chapters.contents import CHAPTERS, Chapter
from symdiff.chapters.sources import Examples, Watch
from symdiff.chapters.writing import document, page

INDEX = "index"


def files_of(chapter: Chapter, examples: Path, kept: Path, watch: Watch) -> dict[str, str]:
    """The texts of a chapter by the names of their files."""
    shown = chapter.report(Examples(examples, watch))
    return {f"{chapter.file}.html": page(shown, links(chapter)), f"{chapter.file}.tex": document(shown)}


def links(chapter: Chapter) -> tuple[tuple[str, str], ...]:
    """The index, and the chapters before and after."""
    place = CHAPTERS.index(chapter)
    near = [CHAPTERS[k] for k in (place - 1, place + 1) if 0 <= k < len(CHAPTERS)]
    named = [(f"{c.file}.html", f"{c.number} {c.title}") for c in near]
    return ((f"{INDEX}.html", "All reports"), *named)
