"""Does ``symdiff check`` find the claims, say what is wrong, and end with the status that it promises?"""

# ruff: noqa: E501  (sources of claims)

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from symdiff import cli, collecting
from symdiff.checking.claims import Claim
from symdiff.verdicts import Verdict

HEAD = "import numpy as np\nimport symdiff as sd\n\n"
RIGHT = "@sd.derivative_of(np.tanh, inputs=(0.5,))\ndef dtanh(x):\n    return 1 - np.tanh(x) ** 2\n\n"
WRONG = "@sd.derivative_of(np.tanh, inputs=(0.5,))\ndef wrong(x):\n    return np.tanh(x) ** 2 - 1\n\n"
OPEN = dedent(
    """
    @sd.derivative_of(np.tanh, inputs=(0.5,), domain={"y": (0, 1)})
    def open_question(x):
        return 1 - np.tanh(x) ** 2

    """
)
TABLE = 'def f(x):\n    return sd.name(2 * x, "twice")\n\ntable = sd.printed(f, (1.0,), {"twice": "2.00"}, source="p. 1")\n'


def write(folder: Path, text: str, name: str = "claims.py") -> str:
    path = folder / name
    path.write_text(HEAD + text, encoding="utf-8")
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.main(["check", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    status, out, _ = run(capsys, *arguments, "--json")
    return status, json.loads(out)


# Exit status ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "status", "summary"),
    [
        (RIGHT, 0, "1 claim: 1 proved, 0 agree, 0 refuted, 0 undecided"),
        (WRONG, 1, "1 claim: 0 proved, 0 agree, 1 refuted, 0 undecided"),
        (OPEN, 3, "1 claim: 0 proved, 0 agree, 0 refuted, 1 undecided"),
        (RIGHT + OPEN, 3, "2 claims: 1 proved, 0 agree, 0 refuted, 1 undecided"),
        (RIGHT + WRONG + OPEN, 1, "3 claims: 1 proved, 0 agree, 1 refuted, 1 undecided"),
        (TABLE, 0, "0 claims: 0 proved, 0 agree, 0 refuted, 0 undecided"),
    ],
)
def test_status_and_summary(
    text: str, status: int, summary: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, out, _ = run(capsys, write(tmp_path, text))
    assert (found, summary in out.splitlines()) == (status, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Mark claims with @sd.derivative_of(fn, inputs=...)."),
        ("1 / 0\n", "import=ZeroDivisionError: division by zero"),
        ("import no_such_module\n", "import=ModuleNotFoundError: No module named 'no_such_module'"),
        ("def\n", "import=SyntaxError: invalid syntax"),
        ("raise SystemExit(0)\n", "import=SystemExit: 0"),
    ],
)
def test_bad_files(text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, write(tmp_path, text))
    assert (status, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_missing_paths_and_empty_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, str(tmp_path / "absent.py"))
    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == "  Give a Python file or a folder that exists."
    assert run(capsys, str(tmp_path))[0] == 2
    for name, mend in (
        ("notes.rst", "Give a Python file."),
        ("notes.txt", "Give a Python file, or a sheet with its line `sheet: FILE.py::FUNCTION`."),
    ):
        (tmp_path / name).write_text("no code")
        told = f"symdiff check {tmp_path / name}\n  file={tmp_path / name}\n  {mend}\n"
        assert run(capsys, str(tmp_path / name))[::2] == (2, told)


def test_bad_options(tmp_path: Path) -> None:
    for arguments in ([], ["check"], ["check", "x.py", "--timeout", "soon"], ["prove", "x.py"]):
        with pytest.raises(SystemExit) as caught:
            cli.main(arguments)
        assert caught.value.code == 2


def test_a_missing_file_among_others_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, write(tmp_path, RIGHT), str(tmp_path / "absent.py"))[0] == 2


# What is found ----------------------------------------------------------------------------------------------


def names(result: Any) -> list[tuple[str, str]]:
    return [(Path(claim["file"]).name, claim["name"]) for claim in result["claims"]]


def test_folders_are_searched_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".hidden").mkdir()
    write(tmp_path, RIGHT, "b.py")
    write(tmp_path, RIGHT + RIGHT.replace("dtanh", "again"), "a.py")
    write(tmp_path / "deep", RIGHT, "c.py")
    write(tmp_path / ".hidden", WRONG, "d.py")
    status, result = as_json(capsys, str(tmp_path))
    assert status == 0
    assert names(result) == [("a.py", "dtanh"), ("a.py", "again"), ("b.py", "dtanh"), ("c.py", "dtanh")]


def test_an_imported_claim_is_not_judged_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, RIGHT, "first.py")
    second = write(tmp_path, "from first import dtanh\n\n" + RIGHT.replace("dtanh", "own"), "second.py")
    status, result = as_json(capsys, second)
    assert (status, names(result)) == (0, [("second.py", "own")])
    assert "first" not in sys.modules


def test_each_file_sees_its_own_neighbours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, body in (("one", "1 - np.tanh(x) ** 2"), ("two", "np.tanh(x) ** 2 - 1")):
        (tmp_path / name).mkdir()
        write(tmp_path / name, f"def slope(x):\n    return {body}\n", "neighbour.py")
        text = "import neighbour\n\nclaim = sd.derivative_of(np.tanh, inputs=(0.5,))(neighbour.slope)\n"
        write(tmp_path / name, text, "claims.py")
    status, result = as_json(capsys, str(tmp_path / "one"), str(tmp_path / "two"))
    assert [claim["verdict"]["status"] for claim in result["claims"]] == ["proved", "refuted"]
    assert status == 1


def test_claims_in_lists_tuples_and_dicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = dedent(
        """
        def claim(power):
            @sd.derivative_of(lambda x: x**power, inputs=(2.0,))
            def slope(x):
                return power * x ** (power - 1)
            return slope

        several = [claim(2), (claim(3),)]
        by_name = {"fourth": claim(4), "same": several[0]}
        """
    )
    status, result = as_json(capsys, write(tmp_path, text))
    assert status == 0
    assert [claim["line"] for claim in result["claims"]] == [6, 6, 6]


def test_nothing_is_lost_when_a_question_cannot_be_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        RIGHT + "@sd.derivative_of(lambda x: int(x), inputs=(2.0,))\ndef lost(x):\n    return x\n\n" + WRONG
    )
    status, result = as_json(capsys, write(tmp_path, text))
    assert status == 1
    assert [claim["verdict"]["status"] for claim in result["claims"]] == ["proved", "undecided", "refuted"]
    assert result["claims"][1]["verdict"]["reason"].startswith("the question could not be asked: ")


def test_nothing_is_lost_when_a_function_raises(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = dedent(
        """
        def broken(x):
            raise RuntimeError("no such luck")

        @sd.derivative_of(broken, inputs=(2.0,))
        def of_broken(x):
            return x

        @sd.derivative_of(np.tanh, inputs=(2.0,))
        def raises(x):
            raise RuntimeError("no such luck")

        """
    )
    status, result = as_json(capsys, write(tmp_path, text + RIGHT))
    assert [claim["name"] for claim in result["claims"]] == ["of_broken", "raises", "dtanh"]
    assert [claim["verdict"]["status"] == "proved" for claim in result["claims"]] == [False, False, True]
    assert status in (1, 3)


def test_a_printed_value_that_is_no_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = OPEN.replace('domain={"y": (0, 1)}', 'printed="nonsense"') + WRONG
    status, result = as_json(capsys, write(tmp_path, text))
    assert status == 1
    assert [claim["verdict"]["status"] for claim in result["claims"]] == ["proved", "refuted"]
    (row,) = result["printed"]
    assert (row["printed"], row["agrees"]) == ("nonsense", False)
    assert row["recomputed"].startswith("could not be compared: printed='nonsense'")


# What is shown ----------------------------------------------------------------------------------------------


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(
        tmp_path,
        RIGHT.replace("inputs=(0.5,)", 'inputs=(0.5,), printed="0.7864", source="p. 3"') + WRONG + TABLE,
    )
    status, result = as_json(capsys, path)
    assert status == 1
    assert result["summary"] == "2 claims: 1 proved, 0 agree, 1 refuted, 0 undecided"
    assert result["counts"] == {"proved": 1, "agrees": 0, "refuted": 1, "undecided": 0}
    right, wrong = result["claims"]
    assert (right["file"], right["line"], right["name"], right["source"]) == (path, 4, "dtanh", "p. 3")
    assert right["printed"]["agrees"] is True
    assert right["printed"]["recomputed"] == "0.7864477"
    assert right["verdict"]["ok"] is True
    assert right["verdict"]["witness"] is None
    assert wrong["verdict"]["mistake"]["kind"] == "sign"
    witness = wrong["verdict"]["witness"]
    assert (witness["inputs"], witness["claimed"], witness["exact"]) == ({"x": "0"}, "-1", "1")
    assert (witness["index"], witness["certified"]) == ([], True)
    assert witness["entries"] == [
        {"index": [], "claimed": "-1", "exact": "1", "measured": 1.0, "wrong": True},
    ]
    assert wrong["verdict"]["returned"] == "np.tanh(x) ** 2 - 1"
    assert wrong["verdict"]["source"] == "    return np.tanh(x) ** 2 - 1"
    assert wrong["verdict"]["where"].endswith("claims.py:10")
    assert wrong["verdict"]["invariants"] == []
    assert "dx is even in x" in wrong["verdict"]["right"]
    assert wrong["verdict"]["snippet"].endswith("# yours, exact:\nwrong(x), sd.grad(tanh, wrt='x')(x)")
    assert [(row["quantity"], row["agrees"]) for row in result["printed"]] == [
        ("dtanh", True),
        ("twice", True),
    ]


def test_the_report_of_a_refutation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, RIGHT + WRONG)
    status, out, err = run(capsys, path)
    assert status == 1
    assert f"{path}:8" in out.splitlines()
    assert "  Mistake         sign: exactly minus the derivative" in out.splitlines()
    assert "WRONG GRADIENT" in out
    assert "PROVED" not in out
    assert "PROVED" in run(capsys, path, "--verbose")[1]
    assert out.splitlines()[-1] == "2 claims: 1 proved, 0 agree, 1 refuted, 0 undecided"
    assert "claims:" not in err


def test_reports_are_written_on_demand_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, RIGHT + WRONG)
    run(capsys, path)
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != "") == ["claims.py"]
    folder = tmp_path / "new" / "reports"
    _, out, err = run(capsys, path, "--report", str(folder), "--json")
    json.loads(out)
    assert sorted(p.name for p in folder.iterdir()) == ["verdicts.html", "verdicts.tex"]
    assert err.splitlines()[-2:] == [f"wrote {folder / 'verdicts.html'}", f"wrote {folder / 'verdicts.tex'}"]
    for name in ("verdicts.html", "verdicts.tex"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "dtanh" in text
        assert "exactly minus the derivative" in text


def test_an_unwritable_report_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, RIGHT)
    status, _, err = run(capsys, path, "--report", path)
    assert status == 2
    assert "--report" in err


def test_as_a_program_progress_goes_to_stderr(tmp_path: Path) -> None:
    path = write(tmp_path, RIGHT)
    command = [sys.executable, "-W", "error", "-m", "symdiff.cli", "check", path, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["counts"]["proved"] == 1
    assert "checking" not in done.stdout


def test_the_timeout_reaches_the_claims(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, result = as_json(capsys, write(tmp_path, RIGHT), "--timeout", "0")
    assert status == 3
    assert result["claims"][0]["verdict"]["reason"] == "the time of 0 s is over"


# Would these tests notice? ----------------------------------------------------------------------------------


def test_a_verdict_that_is_always_proved_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Claim, "verdict", lambda claim, **more: Verdict("proved", "", ""))
    with pytest.raises(AssertionError):
        test_json(tmp_path, capsys)
    with pytest.raises(AssertionError):
        test_status_and_summary(
            WRONG, 1, "1 claim: 0 proved, 0 agree, 1 refuted, 0 undecided", tmp_path, capsys
        )


def test_a_collector_that_loses_claims_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = collecting._items
    monkeypatch.setattr(collecting, "_items", lambda path: list(whole(path))[:1])
    with pytest.raises(AssertionError):
        test_folders_are_searched_in_order(tmp_path, capsys)
