"""Do ``symdiff explain --blank`` and ``symdiff check SHEET`` work together, with the statuses that scripts need?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from symdiff.cli import main
from tests.students import TAUGHT

Capture = pytest.CaptureFixture[str]
HEAD = "; 11 of 11 rows of the derivation asked (value); digits as the sheet says: 4"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(TAUGHT, tmp_path / "taught.py")
    return tmp_path


def blank(folder: Path, name: str, *options: str) -> Path:
    path = folder / name
    told = [f"{folder / 'taught.py'}::paths", "--blank", "value", "--digits", "4", "--out", str(path)]
    assert main(["explain", *told, *options]) == 0
    return path


def fill(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def check(capsys: Capture, *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main(["check", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_key_a_blank_sheet_and_one_with_a_mistake(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    empty, key = blank(folder, "blank.txt"), blank(folder, "key.md", "--filled")
    assert "sheet: taught.py::paths" in empty.read_text(encoding="utf-8")
    assert check(capsys, key)[0] == 0
    status, told, _ = check(capsys, empty)
    assert status == 3 and told.endswith(f"0 of 11 rows right, 11 empty{HEAD}\n")
    fill(key, "| df_dw * dw_du + df_dv * dv_du | 38 ", "| df_dw * dw_du + df_dv * dv_du | 18 ")
    fill(key, "| 228 ", "| 108 ")
    status, told, _ = check(capsys, key)
    assert status == 1
    assert "First mistake: step 10, df/du, value (line 28): the path df_dv * dv_du is missing" in told
    assert "12  df/dx     → 108  follows  right with your earlier values" in told
    assert told.endswith(f"9 of 11 rows right, 1 follow through, 1 wrong{HEAD}\n")
    assert "38" not in told.replace("2.38", "")
    assert "step 10, df/du, value: 38" in check(capsys, key, "-v")[1]
    status, told, _ = check(capsys, key, empty, folder / "none.txt")
    assert status == 2
    assert told.endswith(
        f"{key}: 9 of 11 rows right, 1 follow through, 1 wrong{HEAD}\n{empty}: 0 of 11 rows right, 11 empty{HEAD}\n"
        f"{folder / 'none.txt'}: not marked\n"
    )
    assert check(capsys, key, empty)[0] == 1


def without_rows(path: Path, *quantities: str) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not any(f"| {name} " in line[:20] for name in quantities)]
    assert len(kept) == len(lines) - len(quantities)
    path.write_text("\n".join(kept), encoding="utf-8")


def test_a_head_that_asks_for_less_is_told(folder: Path, capsys: Capture) -> None:
    key = blank(folder, "key.txt", "--filled")
    fill(key, "blank: value", "blank: 11:source")
    fill(key, "digits: 4", "digits: 1")
    status, told, _ = check(capsys, key)
    assert status == 0
    assert told.endswith("1 of 1 rows right; only 1 of 11 rows of the derivation asked (source)\n")
    fill(key, "blank: 11:source", "blank: 11:value")
    told = check(capsys, key)[1]
    assert told.endswith("only 1 of 11 rows of the derivation asked (value); digits as the sheet says: 1\n")
    head = json.loads(check(capsys, "--json", key)[1])["files"][0]["sheets"][0]["head"]
    assert head == ["only 1 of 11 rows of the derivation asked (value)", "digits as the sheet says: 1"]


def test_rows_that_were_taken_off_are_missing_where_the_file_is_given(folder: Path, capsys: Capture) -> None:
    key = blank(folder, "key.txt", "--filled")
    teacher = ("--exercise", folder / "taught.py")
    assert check(capsys, key, *teacher)[0] == 0
    fill(key, "blank: value", "blank: 11:value")
    assert check(capsys, key, *teacher)[0] == 0
    without_rows(key, "v", "f")
    status, told, _ = check(capsys, key, *teacher)
    assert status == 3 and "1 of 3 rows right, 2 missing; only 1 of 11 rows" in told


def test_inputs_of_the_sheet_hold_unless_the_file_is_given(folder: Path, capsys: Capture) -> None:
    key = blank(folder, "key.txt", "--filled")
    fill(key, "inputs: x = 3", "inputs: x = 0")
    status, told, _ = check(capsys, key)
    assert status == 1 and told.endswith("; marked at inputs that the sheet gives\n")
    status, told, _ = check(capsys, key, "--exercise", folder / "taught.py")
    assert status == 0 and told.endswith("; marked at the inputs of the file, the sheet has others\n")
    assert "11 of 11 rows right" in told


def test_json(folder: Path, capsys: Capture) -> None:
    empty, key = blank(folder, "blank.txt"), blank(folder, "key.txt", "--filled")
    fill(empty, "| u        | x**2    | ________ |", "| u        | x**2    | 9,0 |")
    status, told, _ = check(capsys, "--json", key, empty)
    files = json.loads(told)["files"]
    assert status == 3
    assert [file["sheets"][0]["counts"] for file in files] == [{"right": 11}, {"unreadable": 1, "empty": 10}]
    (cell,) = files[1]["sheets"][0]["rows"][0]["cells"]
    assert cell["column"] == "value" and cell["status"] == "unreadable"
    assert cell["note"] == "9,0 has a comma: write a decimal point, and arrays in brackets"


def test_sheets_and_claims_together(folder: Path, capsys: Capture) -> None:
    key = blank(folder, "key.txt", "--filled")
    status, told, _ = check(capsys, folder / "taught.py", key)
    assert status == 0
    assert "11 of 11 rows right" in told and "3 claims: 3 proved" in told
    assert "rows right" not in check(capsys, folder)[1]  # a folder is searched for Python files only


def test_several_functions_in_one_file(folder: Path, capsys: Capture) -> None:
    path = folder / "all.txt"
    assert (
        main(["explain", str(folder / "taught.py"), "--blank", "formula", "--out", str(path), "--filled"])
        == 0
    )
    status, told, _ = check(capsys, path)
    assert status == 0
    assert told.count("rows right") == 3


def test_a_sheet_on_standard_output_is_found_from_here(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    capsys.readouterr()
    assert main(["explain", "taught.py::paths", "--blank"]) == 0
    (folder / "elsewhere").mkdir()
    path = folder / "elsewhere" / "sheet.txt"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert check(capsys, path)[0] == 3
    monkeypatch.chdir(folder / "elsewhere")
    assert check(capsys, "sheet.txt")[0] == 2
    assert check(capsys, "sheet.txt", "--exercise", folder / "taught.py")[0] == 3


def test_work_is_not_written_over(folder: Path, capsys: Capture) -> None:
    path = blank(folder, "sheet.txt")
    blank(folder, "sheet.txt")  # the same again
    fill(path, "| u        | x**2    | ________ |", "| u        | x**2    | 9        |")
    before = path.read_text(encoding="utf-8")
    capsys.readouterr()
    assert main(["explain", f"{folder / 'taught.py'}::paths", "--blank", "--out", str(path)]) == 2
    assert "file=exists" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("sheet: taught.py::paths", "sheet: nothing.py::paths", "file=nothing.py"),
        ("sheet: taught.py::paths", "sheet: taught.py::nothing", "function=nothing"),
        ("sheet: taught.py::paths", "sheet: taught.py", "Write sheet: FILE.py::FUNCTION."),
        ("sheet: taught.py::paths", "sheet: taught.txt::paths", "Write sheet: FILE.py::FUNCTION."),
        ("sheet: taught.py::paths", "exercise", "Give a Python file, or a sheet with its line"),
        ("digits: 4", "digits: four", "Write digits: 1 to 30."),
        ("digits: 4", "digits: 99999999999999999999", "Write digits: 1 to 30."),
        ("blank: value", "blank: colour", "item=colour"),
        ("inputs: x = 3", "inputs: x = ____", "Write a number for each input."),
        ("inputs: x = 3", "inputs: x = [3, 4]", "Give inputs of the function in their own shapes"),
        ("inputs: x = 3", "inputs: y = 3", "Give inputs of the function in their own shapes"),
        ("inputs: x = 3", "inputs: x = __import__('os')", "is no number"),
    ],
)
def test_a_head_that_cannot_be_used(folder: Path, capsys: Capture, old: str, new: str, told: str) -> None:
    path, other = blank(folder, "sheet.txt"), blank(folder, "key.txt", "--filled")
    fill(path, old, new)
    status, shown, problem = check(capsys, path, other)
    assert status == 2
    assert "sheet.txt" in problem and told in problem
    assert "11 of 11 rows right" in shown  # the other sheet is marked


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"sheet:", b"x" * 2_000_000, b"|" * 100_000])
def test_files_that_are_no_sheets(folder: Path, capsys: Capture, content: bytes) -> None:
    path = folder / "sheet.txt"
    path.write_bytes(content)
    assert check(capsys, path)[0] == 2


def test_missing_and_oversized_sheets(folder: Path, capsys: Capture) -> None:
    assert "problem=" in check(capsys, folder / "none.txt")[2]
    (folder / "large.txt").write_bytes(b"x" * 4_000_001)
    assert "bytes=4000001" in check(capsys, folder / "large.txt")[2]


def test_lines_that_are_not_used_are_told(folder: Path, capsys: Capture) -> None:
    path = blank(folder, "key.txt", "--filled")
    fill(path, "|    5 | f        |", "|    5 | g        |")
    status, told, _ = check(capsys, path)
    assert status == 2
    assert "not used, line 18: step 5 is f, not g" in told
    assert "10 of 11 rows right, 1 empty" in told


def test_a_sheet_cannot_steer_the_terminal(folder: Path, capsys: Capture) -> None:
    path = blank(folder, "sheet.txt")
    fill(path, "| u        | x**2    | ________ |", "| \x1b[31mu | x**2    | \x1b[2J9 |")
    fill(path, "|    5 | f ", "|    \x1b5 | f ")
    status, told, problem = check(capsys, path)
    assert status == 2
    assert "\x1b" not in told + problem


def test_bad_asks(folder: Path, capsys: Capture) -> None:
    name = f"{folder / 'taught.py'}::paths"
    for options, told in (
        (["--blank", "colour"], "item=colour"),
        (["--blank", "value", "--out", str(folder / "sheet.doc")], "endings=.txt, .md, .sheet"),
        (["--blank", "value", "--out", str(folder)], "endings"),
        (["--blank", "value", "--digits", "0"], "digits=0"),
    ):
        capsys.readouterr()
        assert main(["explain", name, *options]) == 2
        assert told in capsys.readouterr().err
    for arguments in (["softmax", "--blank"], [name, "--out", str(folder / "sheet.txt")], [name, "--filled"]):
        capsys.readouterr()
        assert main(["explain", *arguments]) == 2
        assert "Exercise sheets are of functions" in capsys.readouterr().err


def test_what_is_handed_in_is_never_imported(folder: Path, capsys: Capture, tmp_path: Path) -> None:
    handed = tmp_path / "handed in"
    handed.mkdir()
    sheet = blank(folder, "sheet.txt")
    (handed / "sheet.txt").write_bytes(sheet.read_bytes())
    (handed / "evil.py").write_text("open(__file__ + '.ran', 'w').close()\n")
    given = ["--exercise", str(folder / "taught.py")]
    assert main(["check", *given, str(handed)]) == 3
    assert "empty" in capsys.readouterr().out
    assert main(["check", *given, str(handed / "evil.py")]) == 2
    assert "Name sheets" in capsys.readouterr().err
    assert not (handed / "evil.py.ran").exists()
