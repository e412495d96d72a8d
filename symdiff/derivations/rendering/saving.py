"""Where does a derivation go? Into a file: LaTeX, HTML, Markdown, text, or PDF where a TeX engine is found."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from symdiff.derivations.rendering.html import to_html
from symdiff.derivations.rendering.latex import to_latex
from symdiff.derivations.rendering.markdown import to_markdown
from symdiff.derivations.rendering.text import to_text
from symdiff.derivations.steps import Derivation
from symdiff.errors import InputError, SymdiffError, explain
from symdiff.pictures.quantities import to_svg

ENGINES = ("tectonic", "pdflatex")
WRITERS = {".tex": to_latex, ".html": to_html, ".md": to_markdown, ".svg": to_svg, ".txt": to_text}
INSTALL = """Save .tex, .html or .md instead, or install a TeX engine:
  Debian, Ubuntu   apt install texlive-latex-extra texlive-fonts-recommended lmodern
  Fedora           dnf install texlive-scheme-medium
  macOS            brew install tectonic
  Windows          winget install MiKTeX.MiKTeX
  conda            conda install -c conda-forge tectonic"""
_SECONDS = 120


def save(derivation: Derivation, path: str | Path, digits: int = 6) -> Path:
    """Write a derivation; the ending of the name says how: .tex .html .md .svg .txt .pdf.

    Raises InputError for another ending, and where PDF is wanted and no TeX engine is found.
    """
    target = Path(path)
    if target.suffix == ".pdf":
        compile_pdf(to_latex(derivation, digits), target)
        return target
    if target.suffix not in WRITERS:
        facts: dict[str, object] = {"path": target, "known": ", ".join([*WRITERS, ".pdf"])}
        raise InputError(explain("save", facts, "Use one of these endings."))
    target.write_text(WRITERS[target.suffix](derivation, digits), encoding="utf-8")
    return target


def compile_pdf(latex: str, target: Path) -> None:
    """Run a TeX engine on a document; what it complains of is in the error."""
    engine = next((name for name in ENGINES if shutil.which(name)), None)
    if engine is None:
        facts: dict[str, object] = {"looked for": ", ".join(ENGINES)}
        raise InputError(explain(f"save {target}", facts, INSTALL))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "derivation.tex"
        source.write_text(latex, encoding="utf-8")
        options = (
            ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape"] if engine == "pdflatex" else []
        )
        for _ in range(2 if engine == "pdflatex" else 1):  # longtable measures its columns in the first run
            run = subprocess.run(
                [engine, *options, source.name], cwd=folder, capture_output=True, text=True,
                errors="replace", timeout=_SECONDS, check=False,
            )  # fmt: skip
            if run.returncode:
                problem = next(
                    (line for line in run.stdout.splitlines() if line.startswith("!")), run.stderr[-200:]
                )
                raise SymdiffError(
                    explain(f"save {target}", {"engine": engine, "says": problem}, "Report this.")
                )
        target.write_bytes(source.with_suffix(".pdf").read_bytes())
