"""Do all pages open in a browser without a complaint, fit a phone, in light and dark? Do all reports compile?"""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_pages import tool

from symdiff.chapters import writing
from symdiff.chapters.marks import code, told
from symdiff.chapters.pieces import Table
from symdiff.derivations.deriving import derive
from symdiff.derivations.rendering.html import to_html
from symdiff.derivations.rendering.latex import to_latex
from symdiff.doors.tracing import name
from symdiff.library.sheets import sheet_of
from symdiff.library.shelves import find
from symdiff.pages import entry_html

REPORTS = Path(__file__).parent.parent / "reports"
PHONE, SCREEN = 390, 1280
_COMPLAINT = re.compile(r"CONSOLE[(:]\d+\)?\] \"(.*)", re.MULTILINE)
_OVERFULL = re.compile(r"Overfull \\[hv]box \((\d+\.\d+)pt too (?:wide|high)\)")
_MOST = 5.0  # points

HOSTILE = (
    "</script><script>alert(1)</script>",
    "a%b",
    r"\input{/etc/passwd}",
    "x_1",
    "größe",
    "変数",
    "a`b",
    "$x$",
    "#&~^",
)


def hostile(x: Any, weite_ß: Any) -> Any:
    """Names that do harm where they are not shown literally."""
    value = x * weite_ß
    for text in HOSTILE:
        value = name(np.tanh(value), text)
    return value


def derivation() -> Any:
    return derive(hostile, {"x": 0.5, "weite_ß": 2.0})


def report_of_names() -> writing.Report:
    rows = tuple((code(text), str(told(text))) for text in HOSTILE)
    return writing.Report("Names", "\n```piece\n0\n```\n", (Table(("code", "words"), (0.5, 0.5), rows),))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every page in ``reports``, that of an entry, and pages of hostile names in a file of such a name."""
    folder = tmp_path_factory.mktemp("seiten größe 変")
    made = {
        "entry.html": entry_html.render(sheet_of(find("relu"))),
        "derivation größe 変.html": to_html(derivation()),
        "names.html": writing.page(report_of_names()),
    }
    for file, text in made.items():
        (folder / file).write_text(text, encoding="utf-8")
    return [*sorted(REPORTS.glob("*.html")), *(folder / file for file in made)]


def opened(
    pages: list[Path], widths: tuple[int, ...], folder: Path, *, is_dark: bool
) -> tuple[list[Any], list[str]]:
    """Per page and width: how wide it wants to be, and its background; and what the browser complained of."""
    frames = "".join(
        f'<iframe src="{page.as_uri()}" data-name="{page.name}" style="border:0;width:{width}px"></iframe>\n'
        for page in pages
        for width in widths
    )
    measure = """
onload = () => {
  const found = [...document.querySelectorAll('iframe')].map(frame => {
    const page = frame.contentDocument;
    const background = frame.contentWindow.getComputedStyle(page.body).backgroundColor;
    return [frame.dataset.name, page.scrollingElement.clientWidth, page.scrollingElement.scrollWidth, background];
  });
  document.body.innerHTML = '<pre id="found"></pre>';
  document.getElementById('found').textContent = JSON.stringify(found);
};"""
    outer = folder / f"outer-{is_dark}.html"
    outer.write_text(f'<meta charset="utf-8"><script>{measure}</script><body>{frames}', encoding="utf-8")
    command = [
        tool("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}", "--allow-file-access-from-files", "--enable-logging=stderr", "--v=0",
        f"--blink-settings=preferredColorScheme={0 if is_dark else 1}", "--virtual-time-budget=20000",
        "--dump-dom", outer.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True, timeout=110)
    texts = re.findall(r'<pre id="found">(\[.*?)</pre>', done.stdout.decode(), re.DOTALL)
    assert texts, done.stderr.decode()[-2000:]
    return json.loads(unescape(texts[0])), _COMPLAINT.findall(done.stderr.decode(errors="replace"))


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_pages_open_and_fit(pages: list[Path], is_dark: bool, tmp_path: Path) -> None:
    found, complaints = opened(pages, (PHONE, SCREEN), tmp_path, is_dark=is_dark)
    assert complaints == []
    assert len(found) == 2 * len(pages)
    assert [(page, place, wanted) for page, place, wanted, _ in found if wanted > place] == []
    for page, _, _, background in found:
        lightness = sum(map(int, re.findall(r"\d+", background)[:3]))
        assert (lightness < 200) is is_dark, (page, background)


def test_a_bad_page_is_noticed(tmp_path: Path) -> None:
    bad = {
        "wide.html": "<body style='background:white'><div style='width:900px'>wide</div>",
        "loud.html": "<body style='background:white'><script>console.error('loud')</script>",
    }
    for file, text in bad.items():
        (tmp_path / file).write_text(f"<!doctype html>{text}", encoding="utf-8")
    found, complaints = opened([tmp_path / file for file in bad], (PHONE,), tmp_path, is_dark=False)
    assert [page for page, place, wanted, _ in found if wanted > place] == ["wide.html"]
    assert any("loud" in complaint for complaint in complaints)


def test_hostile_names_are_shown(pages: list[Path]) -> None:
    for page in pages[-2:]:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        shown = unescape(re.sub(r"<[^>]*>", "", text))
        assert [hostile for hostile in HOSTILE if hostile not in shown and hostile not in ("x_1",)] == [], (
            page.name
        )


# LaTeX -----------------------------------------------------------------------------------------------------


def compiled(source: str, folder: Path) -> str:
    """What the engine says in its second run."""
    (folder / "page.tex").write_text(source, encoding="utf-8")
    command = [tool("pdflatex"), "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    for _ in range(2):
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=100)
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]
    return (folder / "page.log").read_text(encoding="utf-8", errors="replace")


def complaints_of(log: str) -> list[str]:
    """Boxes that stick out, undefined references, characters that no font has."""
    wide = [f"overfull by {points} pt" for points in _OVERFULL.findall(log) if float(points) > _MOST]
    return wide + [
        line for line in log.splitlines() if "undefined" in line or line.startswith("Missing character")
    ]


@pytest.mark.parametrize("path", sorted(REPORTS.glob("*.tex")), ids=lambda path: path.stem)
def test_reports_compile(path: Path, tmp_path: Path) -> None:
    assert complaints_of(compiled(path.read_text(encoding="utf-8"), tmp_path)) == []


def test_hostile_names_compile(tmp_path: Path) -> None:
    for source in (to_latex(derivation()), writing.document(report_of_names())):
        assert complaints_of(compiled(source, tmp_path)) == []


def test_a_bad_document_is_noticed(tmp_path: Path) -> None:
    body = r"\hbox to \textwidth{\rule{\textwidth}{1pt}\rule{6pt}{1pt}} See \ref{nowhere}."
    source = rf"\documentclass{{article}}\begin{{document}}\noindent {body}\end{{document}}"
    assert len(complaints_of(compiled(source, tmp_path))) >= 2
