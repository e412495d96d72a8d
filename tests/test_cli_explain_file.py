"""Does ``symdiff explain FILE`` derive the functions of a file at the inputs of their claims?"""

from __future__ import annotations

from pathlib import Path

import pytest

from symdiff.cli import main

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_every_function_of_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert main(["explain", str(EXAMPLES / "ex_2_10_accumulation.py")]) == 0
    told = capsys.readouterr().out
    assert "f, by x" in told
    assert "df_dv6 * dv6_dv3 + df_dv5 * dv5_dv3" in told


def test_one_function_and_its_pages(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    name = f"{EXAMPLES / 'ex_2_8_three_layers.py'}::loss"
    assert main(["explain", name, "--digits", "9", "--report", str(tmp_path)]) == 0
    assert "0.800499022" in capsys.readouterr().out
    assert "<math" in (tmp_path / "loss.html").read_text(encoding="utf-8")
    assert r"\begin{longtable}" in (tmp_path / "loss.tex").read_text(encoding="utf-8")


def test_unknown_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", f"{EXAMPLES / 'ex_2_8_three_layers.py'}::nothing"]) == 2
    assert "function=nothing" in capsys.readouterr().err
