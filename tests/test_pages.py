"""Do pages stand on their own, on a phone and on paper, and show every text of a user literally?"""

from __future__ import annotations

import html as markup
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from verdict_cases import (
    AGREES,
    MANY,
    NOT_FINITE,
    PAGE,
    PROVED,
    REFUTED,
    STRANGE,
    TWO,
    UNDECIDED,
    VALUES,
    row,
    strange,
)

from symdiff.pages import html, latex
from symdiff.pages.characters import ACCENTS, ASCII, MATHEMATICS
from symdiff.pages.rows import Page


def test_html_shows_every_text_literally() -> None:
    page = html.render(strange())
    assert set(re.findall(r"<(\w+)", page)) <= set(re.findall(r"<(\w+)", html.render(PAGE))) | {"br"}
    shown = markup.unescape(re.sub(r"<[^>]*>", "", page))
    assert shown.count(STRANGE) > 30
    assert page.count("&lt;/script&gt;&lt;b&gt;&amp;amp;") == shown.count(STRANGE)


def test_html_needs_nothing_else_and_is_the_same_each_time() -> None:
    page = html.render(PAGE)
    assert page == html.render(replace(PAGE, rows=tuple(replace(r, seconds=9.0) for r in PAGE.rows)))
    assert not re.search(r"https?:|<script|<link|@import|url\(|src=", page)
    assert (
        page.index("Refuted")
        < page.index("Printed values that differ")
        < page.index("Printed values that agree")
    )
    assert "<b>1</b> proved" in page
    assert "<b>2</b> of 3 printed values differ" in page


def test_html_marks_the_digits_that_are_wrong() -> None:
    assert html.compared(VALUES[0]) == "0.786003482"
    assert html.compared(VALUES[1]) == "-0.035<mark>995322</mark>"
    assert html.compared(VALUES[2]) == "[[0.0165347, -0.0<mark>283</mark>],\n [1.02e-4, 2]]"


def test_a_verdict_in_html_brings_its_style() -> None:
    fragment = html.to_html(REFUTED)
    assert fragment.startswith('<div class="symdiff">\n<style>')
    assert '<th scope="col">dx[0]</th><th scope="col">dx[1]</th>' in fragment
    assert "<td><pre>1/2</pre></td><td><pre>0</pre></td>" in fragment
    assert "<td>wrong</td><td>wrong</td>" in fragment
    assert fragment.index("Reproduce") < fragment.index("<summary>How it was checked</summary>")


def test_latex_escapes() -> None:
    assert latex.escape("a%b_1 & {x} -- ,, \\n") == r"a\%b\_1 \& \{x\} -{}- ,{}, \textbackslash{}n"
    assert (
        latex.escape("[1] σ² ř 中")
        == r"{[}1] \ensuremath{\sigma}\ensuremath{{}^2} \v{r} \mbox{\footnotesize U+4E2D}"
    )
    assert latex.printed("[[1.5, -2e-5], [0, 1]]") == r"{[}[$1.5$, $-2\cdot 10^{-5}$],\newline {[}$0$, $1$]]"
    assert latex.code("a.b = f(x)\n  y") == (r"\texttt{a.\allowbreak{}b = f(\allowbreak{}x)\newline ~~y}")


def test_latex_of_a_verdict() -> None:
    fragment = latex.to_latex(REFUTED)
    assert r"\mbox{\texttt{x} $= (0, 0)$}\quad \mbox{\texttt{cotangent} $= (1, 0)$}" in fragment
    assert r"& \texttt{dx[0]} & \texttt{dx[1]} & \\" in fragment
    assert r"yours & $\frac{1}{2}$ & $0$ &  \\" in fragment
    assert r"finite diff. & $0.25$ & $-0.25$ & from softmax alone \\" in fragment
    assert r"\begin{bmatrix} \frac{1}{2} & -1 \\ 0 & 10 \end{bmatrix}" in latex.to_latex(TWO)


def tool(name: str) -> str:
    """A program that only some machines have; where everything is tested it must be there."""
    path = shutil.which(name)
    if path is None and os.environ.get("CI"):
        pytest.fail(f"{name} is missing")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def pdf_text(source: str, folder: Path) -> str:
    """The text of the compiled document."""
    (folder / "page.tex").write_text(source, encoding="utf-8")
    command = [tool("pdflatex"), "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-3000:]
    assert b"Missing character" not in (folder / "page.log").read_bytes()
    text = subprocess.run(
        [tool("pdftotext"), "-layout", "page.pdf", "-"], cwd=folder, capture_output=True, check=True
    )
    return text.stdout.decode()


def test_the_latex_page_compiles(tmp_path: Path) -> None:
    text = pdf_text(latex.render(PAGE), tmp_path)
    assert "5 printed values" not in text
    assert "3 printed values: 1 agrees, 2 differ" in text
    assert "Printed values that differ" in text


def test_a_latex_page_of_strange_names_compiles(tmp_path: Path) -> None:
    text = pdf_text(latex.render(strange()), tmp_path)
    for piece in ("</script>", "a%b", "x_1", "U+4E2D", "σ"):
        assert piece in text


def test_every_character_compiles(tmp_path: Path) -> None:
    accented = [base + accent for base in "aecuoSZ" for accent in ACCENTS]
    latin = [chr(code) for code in range(0xC0, 0x180)]
    everything = [
        *map(chr, range(0x20, 0x7F)),
        *ASCII,
        *MATHEMATICS,
        *latin,
        *accented,
        "\x00",
        "\u200b",
        "🙂",
    ]
    page = Page(" ".join(everything), (row(PROVED, name="".join(everything)),))
    pdf_text(latex.render(page), tmp_path)


def test_a_latex_verdict_needs_amsmath_only(tmp_path: Path) -> None:
    verdicts = [PROVED, AGREES, UNDECIDED, REFUTED, TWO, MANY, NOT_FINITE, strange().rows[0].verdict]
    body = "\n".join(map(latex.to_latex, verdicts))
    source = rf"\documentclass{{article}}\usepackage{{amsmath}}\begin{{document}}{body}\end{{document}}"
    pdf_text(source, tmp_path)


@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_a_phone_and_a_screen(width: int, tmp_path: Path) -> None:
    for name, page in {"plain": PAGE, "strange": strange()}.items():
        frame = markup.escape(html.render(page))
        outer = tmp_path / f"{name}.html"
        report = "document.title = 'wide ' + this.contentDocument.documentElement.scrollWidth"
        size = f"border:0;width:{width}px;height:20000px"
        body = f'<body><iframe style="{size}" srcdoc="{frame}" onload="{report}"></iframe>'
        outer.write_text(f'<meta charset="utf-8">{body}', encoding="utf-8")
        command = [
            tool("chromium"),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
        ]
        done = subprocess.run(
            [*command, "--dump-dom", outer.as_uri()], capture_output=True, check=True, timeout=60
        )
        assert f"<title>wide {width}</title>" in done.stdout.decode()
