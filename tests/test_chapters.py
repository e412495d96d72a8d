"""Are the reports those of a fresh run, are their figures computed, and does a wrong figure stand out?"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

from symdiff.chapters import comparing, contents, files, prose, transformer, worked, writing
from symdiff.chapters.contents import CHAPTERS, Chapter, chosen
from symdiff.chapters.marks import told
from symdiff.chapters.pieces import Badge, Drawing, Formulas, Judgements, Steps, Table, Values
from symdiff.chapters.sources import Examples
from symdiff.chapters.writing import Report
from symdiff.cli import main
from symdiff.errors import InputError

HOME = Path(__file__).parent.parent
REPORTS = HOME / "reports"
EXAMPLES = Examples(HOME / "examples", lambda label: None)
FAST = [chapter for chapter in CHAPTERS if chapter.number not in (1, 2)]


@cache
def content(number: int) -> dict[str, Any]:
    return chapter(number).gather(EXAMPLES)


def chapter(number: int) -> Chapter:
    return next(c for c in CHAPTERS if c.number == number)


@cache
def fresh(number: int) -> Report:
    return writing.report(chapter(number).template, content(number))


@cache
def fresh_files() -> dict[str, str]:
    return files.files_of({c: fresh(c.number) for c in CHAPTERS}, REPORTS)


def test_the_reports_are_those_of_a_fresh_run(update: bool) -> None:
    if update:
        for name, text in fresh_files().items():
            (REPORTS / name).write_text(text, encoding="utf-8")
    found = comparing.differing(fresh_files(), REPORTS)
    assert found == [], "write them anew: symdiff report"


def test_a_changed_figure_is_noticed(tmp_path: Path) -> None:
    name, text = next(iter(fresh_files().items()))
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert comparing.differing({name: text}, tmp_path) == []
    changed = re.sub(r"\b(\d+) of", lambda found: f"{int(found[1]) + 1} of", text, count=1)
    assert comparing.differing({name: changed}, tmp_path) == [name]
    assert comparing.differing({name: text}, tmp_path / "nowhere") == [name]
    strokes = "<svg><path d='M 0 1'/></svg>"
    (tmp_path / name).write_text(text + strokes, encoding="utf-8")
    assert comparing.differing({name: text + strokes.replace("1", "2")}, tmp_path) == []


def test_every_report_says_the_same_each_time() -> None:
    again = writing.report(
        chapter(5).template, chapter(5).gather(Examples(HOME / "examples", lambda label: None))
    )
    assert writing.page(again) == writing.page(fresh(5))
    assert writing.document(again) == writing.document(fresh(5))


def test_all_parts_of_the_notes_have_a_report() -> None:
    assert [c.number for c in CHAPTERS] == list(range(1, 9))
    assert {p.name for p in REPORTS.glob("*.html")} >= {f"{c.file}.html" for c in CHAPTERS} | {"index.html"}
    index = (REPORTS / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'href="([^"#]+)"', index))
    assert linked >= {f"{c.file}.{ending}" for c in CHAPTERS for ending in ("html", "tex")}
    assert all((REPORTS / name).is_file() for name in linked)


# Figures come from data ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [c.number for c in FAST])
def test_templates_hold_no_results(number: int) -> None:
    """What a template says in digits is a place in the notes, a size that is asked for, or a number of things named."""
    source = (HOME / "symdiff/pages/templates" / chapter(number).template).read_text(encoding="utf-8")
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|`[^`]*`", "", source, flags=re.DOTALL)
    text = re.sub(
        r"(([Ss]ections?|[Tt]ables?|equations?|steps?|chapter)\s[\d.,\s]*(?:(?:and|to)\s[\d.]+)?)", "", text
    )
    assert re.findall(r"\d[\d,]*\.\d+|\d{3,}", text) == ["1.85"] * (number == 8)


def test_the_counts_of_section_4_7() -> None:
    found = content(8)
    assert found["coarse"] == {"patch": 16, "patches": 196, "tokens": 197, "entries": 116427, "head": 64}
    assert (found["fine"]["tokens"], found["fine"]["entries"]) == (785, 1848675)
    assert found["patches"] == transformer.H * transformer.W / transformer.P**2
    assert found["modules"] == [(1, 1), (2, 2), (3, 3)]
    assert found["quadratic"] == 2 * transformer.N**2 * transformer.D
    assert found["mlp"] == 2 * transformer.N * transformer.D**2 * transformer.RATIO
    page = writing.page(fresh(8))
    for figure in ("116,427", "785 tokens", "1,848,675"):
        assert figure in page


def test_another_image_gives_other_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(transformer.EXAMPLE, transformer.H, 448)
    assert transformer._numbers(content(8)["tokens"], transformer.EXAMPLE)["patches"] == 392


def test_what_table_2_8_stores_without_need() -> None:
    assert content(5)["idle"] == ["$`z_{2}`$", "$`z_{3}`$"]
    stored = next(piece for piece in fresh(5).pieces if isinstance(piece, Table))
    needs = {row[0]: row[-1] for row in stored.rows}
    assert [name for name, need in needs.items() if need == "**not needed**"] == ["$`z_{2}`$", "$`z_{3}`$"]


def test_conventions_of_the_tables() -> None:
    found = content(3)
    assert found["only"]["columns"] == ["HI_1", "HI_2", "HO_final"]
    assert found["only"]["rows"] == ["err_HO_2", "err_HO_1", "W1", "W2", "W3"]
    assert "not the shape of B1" in found["bias"]


def test_printed_values_stand_beside_the_steps_they_belong_to() -> None:
    steps: Steps = content(4)["three"]
    printed = {
        step.quantity: step.printed.printed for step in steps.derivation.steps if step.printed is not None
    }
    assert len(printed) == content(4)["three_printed"]
    assert printed["dL_dz3"] == "-0.035995"
    assert all(step.printed.agrees for step in steps.derivation.steps if step.printed is not None)
    wrong = [
        s.quantity
        for s in content(4)["two"].derivation.steps
        if s.printed is not None and not s.printed.agrees
    ]
    assert len(wrong) == content(4)["two_differ"] == 8


def test_what_follows_from_printed_numbers() -> None:
    found = content(4)
    assert (found["two_bias"], found["two_b2"]) == ("-2.00001", "-2")
    assert found["two_product"] == "-4.584e-5"
    assert found["cut_loss"] == "4.16e-7"
    assert content(7)["chained"] == "[-0.002569, 0.000530]"


def test_all_that_is_judged_is_good() -> None:
    for number in range(1, 9):
        for piece in fresh(number).pieces:
            if isinstance(piece, Judgements):
                assert set(piece.sheet.statuses) == {"proved"}, piece.sheet.card.name
            if isinstance(piece, Table):
                badges = [cell for row in piece.rows for cell in row if isinstance(cell, Badge)]
                assert all(badge.status == "proved" for badge in badges)


def test_every_optimizer_has_the_rule_of_the_notes() -> None:
    shown = {item["told"].name: item for item in content(2)["optimizers"]}
    assert list(shown) == ["sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw", "lamb"]
    notes = {
        name: next(f.lines for who, f in item["forms"] if "the notes" in who) for name, item in shown.items()
    }
    assert re.search(
        r"\\sqrt\{\\hat\{v\}_\{t\} \+ \\epsilon\}|\\sqrt\{\\epsilon \+ \\hat\{v\}_\{t\}\}", notes["adam"][-1]
    )
    assert len(shown["sgd"]["forms"]) == 1
    assert all(len(item["forms"]) > 1 for name, item in shown.items() if name != "sgd")


def test_every_function_of_the_notes_is_there() -> None:
    found = content(1)
    assert [len(found[group]) for group in ("activations", "losses")] == [8, 16]
    without = [
        item["told"].name
        for group in ("activations", "losses")
        for item in found[group]
        if not item["backward"]
    ]
    assert without == ["identity"]
    shown = [item for group in ("activations", "losses") for item in found[group]]
    assert all("proved" in item["checked"] for item in shown if item["backward"])
    same = [item["same"].partition(",")[0] for item in shown]
    assert (same.count("proved"), same.count("")) == (len(shown) - 4, 4)


# Prose -----------------------------------------------------------------------------------------------------

STRANGE = r"a_1 %b </script> \input{/etc/passwd} $x$ `c` *d* | é 中"


def test_strange_texts_are_shown_literally() -> None:
    table = Table(("h",), (1.0,), ((str(told(STRANGE)),),))
    shown = Report("T", "\n```piece\n0\n```\n\n" + told(STRANGE), (table,))
    page, document = writing.page(shown), writing.document(shown)
    assert "<script" not in page
    assert page.count("a_1 %b &lt;/script&gt; \\input{/etc/passwd} $x$ `c` *d* | é 中") == 2
    assert r"\input" not in document
    assert (
        document.count(
            r"a\_1 \%b \textless{}/script\textgreater{} \textbackslash{}input\{/etc/passwd\} \$x\$"
        )
        == 2
    )


def test_the_same_text_in_both_languages() -> None:
    text = "## A\n\nof $`x_1`$ *and* `y_1`\n\n- b\n\n```piece\n0\n```\n"
    assert prose.to_html(text, lambda k: f"[{k}]").startswith('<h2 id="a">')
    latex = prose.to_latex(text, lambda k: f"[{k}]")
    assert latex.split() == [r"\heading{A}", "of", "$x_1$", r"\emph{and}", r"\texttt{y\_\allowbreak{}1}",
                             r"\begin{itemize}", r"\item", "b", r"\end{itemize}", "[0]"]  # fmt: skip


def test_pieces_in_both_languages() -> None:
    pieces = (
        Formulas(("x^{2}",)),
        Drawing("<svg></svg>", "c"),
        Values(()),
        Table(("h",), (1.0,), ((Badge("proved"),),), "n"),
    )
    shown = Report("T", "".join(f"\n```piece\n{k}\n```\n" for k in range(len(pieces))), pieces)
    page, document = writing.page(shown), writing.document(shown)
    assert "<svg></svg>" in page
    assert "✓</span> proved" in page
    assert r"\displayed{x^{2}}" in document
    assert r"\textcolor{proved}{proved}" in document


# The command -----------------------------------------------------------------------------------------------


def test_one_chapter_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(HOME)
    command = ["report", "second-order", "--out", str(tmp_path)]
    assert main(command) == 0
    assert {p.name for p in tmp_path.iterdir()} == {"6-second-order.html", "6-second-order.tex"}
    assert main([*command, "--check"]) == 0
    assert "2 of 2 files" in capsys.readouterr().out
    (tmp_path / "6-second-order.tex").unlink()
    assert main([*command, "--check"]) == 1
    assert "6-second-order.tex differs" in capsys.readouterr().out


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="unknown=9"):
        chosen(["9"])
    assert main(["report", "4", "--examples", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert "missing=" in capsys.readouterr().err


def test_a_wrong_example_shows_in_the_report(tmp_path: Path) -> None:
    """A misprint more in an example is a difference more in the report."""
    for path in (HOME / "examples").glob("ex_2_*.py"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace('printed="38"', 'printed="39"'), encoding="utf-8")
    found = worked.gather(Examples(tmp_path, lambda label: None))
    assert (found["differ"], found["paths_differ"]) == (content(4)["differ"] + 1, 1)
    step = found["paths"].derivation.step("df_dv3")
    assert (step.printed.printed, step.printed.agrees) == ("39", False)


def test_values_in_prose() -> None:
    assert told(sp.Integer(1234)) == "1,234"
    assert replace(fresh(4), title="x").title == "x"
    assert contents.chosen(["4", "jacobians"]) == (chapter(4), chapter(7))
