"""Does a sheet for paper hold one box for each empty cell, and nothing of the key? HTML and LaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from symdiff.cli import main
from symdiff.exercises.printing import parts, to_html, to_latex
from tests.students import TAUGHT, sheet


@pytest.mark.parametrize(
    ("name", "cells", "boxes"),
    [
        ("neurons", "value", 30),
        ("paths", "9-12:formula+value", 8),
        ("layers", "formula,value,source,saved", 34),
    ],
)
def test_a_box_for_each_empty_cell(name: str, cells: str, boxes: int) -> None:
    exercise = sheet(name, cells)
    assert len(exercise.blanks.cells) == boxes
    assert to_html(exercise).count('<span class="box') == boxes
    assert len(re.findall(r"\\symdiffbox\{\d\}", to_latex(exercise))) == boxes


def test_given_cells_are_shown_and_empty_ones_are_not() -> None:
    page = to_html(sheet("neurons", "25:value"))
    assert "0.800499" in page and "0.359201" not in page
    (line,) = [
        line for part in parts(sheet("neurons", "25:value")) for line in part.lines if line.number == 25
    ]
    assert [cell.kind for cell in line.cells] == ["formula", "box", "text"]
    assert "a_{2}" in line.cells[0].text.replace("a_2", "a_{2}")


def test_boxes_of_matrices_are_higher() -> None:
    lines = [line for part in parts(sheet("layers", "value")) for line in part.lines]
    assert [cell.rows for cell in lines[10].cells if cell.kind == "box"] == [3]


def test_the_document_compiles(tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("no TeX engine here; CI has one")
    for name, cells in (("neurons", "value"), ("layers", "formula,value,source,structure,product,saved")):
        (tmp_path / f"{name}.tex").write_text(to_latex(sheet(name, cells)), encoding="utf-8")
        command = [
            "pdflatex",
            "-interaction=nonstopmode",
            "-halt-on-error",
            "-no-shell-escape",
            f"{name}.tex",
        ]
        for _ in range(2):
            run = subprocess.run(
                command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False
            )
        assert run.returncode == 0
        wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([0-9.]+)pt", run.stdout)]
        assert [points for points in wide if points > 5] == []


def test_the_command_writes_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = ["explain", f"{TAUGHT}::paths", "--blank", "--report", str(tmp_path)]
    assert main(told) == 0
    assert "paths_exercise.tex" in capsys.readouterr().err
    assert '<span class="box value">' in (tmp_path / "paths_exercise.html").read_text(encoding="utf-8")
    assert r"\symdiffbox{1}" in (tmp_path / "paths_exercise.tex").read_text(encoding="utf-8")
