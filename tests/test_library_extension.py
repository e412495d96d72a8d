"""Does a loss that is registered from outside, in one file, get everything that symdiff's own losses get?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import symdiff as sd
from symdiff.cli import main
from symdiff.errors import InputError
from symdiff.library import Entry, find, registry
from symdiff.library.entries import REGISTERED
from symdiff.testing import property_test

FILE = Path(__file__).parent / "added_loss.py"


@pytest.fixture
def entry() -> Iterator[Entry]:
    import added_loss

    REGISTERED["charbonnier"] = added_loss.CHARBONNIER
    yield find("charbonnier")
    REGISTERED.pop("charbonnier", None)


def test_stands_on_the_shelf(entry: Entry) -> None:
    assert entry in registry("loss")
    assert sd.losses.charbonnier is entry.fn
    assert "charbonnier" in dir(sd.losses)


def test_has_a_graph_and_a_kernel(entry: Entry) -> None:
    assert entry.graph().input_names == ("y_hat", "y")
    x, y = np.array([[1.0, 3.0]]), np.array([[1.0, 0.0]])
    assert float(entry.kernel()(y_hat=x, y=y)) == pytest.approx((0.5 + np.sqrt(9.25)) / 2, rel=1e-15)


def test_has_derivatives(entry: Entry) -> None:
    x, y = np.array([[1.0, 3.0]]), np.array([[1.0, 0.0]])
    np.testing.assert_allclose(sd.grad(entry.fn)(x, y), entry.claims[0].claim(x, y), rtol=1e-15)


def test_is_proved(entry: Entry) -> None:
    told = dict(entry.verdicts())
    assert {verdict.status for verdict in told.values()} == {"proved"}
    assert {verdict.scope for verdict in told.values()} == {"every shape"}


def test_has_its_mistake_found(entry: Entry) -> None:
    (slip,) = entry.slips
    verdict = entry.judge(slip, slip.case)
    assert verdict.mistake is not None
    assert verdict.mistake.kind == "factor"


def test_has_a_property_test(entry: Entry) -> None:
    settings(max_examples=10, database=None)(property_test(entry))()


@pytest.mark.usefixtures("entry")
def test_the_property_test_notices_a_wrong_claim() -> None:
    import added_loss

    wrong = Entry(
        added_loss.charbonnier, "loss", {"y_hat": "n d", "y": "n d"}, source="none", name="w", shelved=False
    )
    wrong.derivative(added_loss.charbonnier_gradient_of_the_sum)
    with pytest.raises(AssertionError, match="WRONG GRADIENT"):
        settings(max_examples=20, database=None, derandomize=True)(property_test(wrong))()


@pytest.mark.usefixtures("entry")
def test_another_function_cannot_take_its_name() -> None:
    def charbonnier(y_hat: Any) -> Any:
        return y_hat

    with pytest.raises(InputError, match="held by"):
        Entry(charbonnier, "loss", {"y_hat": "n"}, source="none")


@pytest.mark.parametrize("call", ["kind", "mistake"])
def test_unknown_words_are_refused(entry: Entry, call: str) -> None:
    with pytest.raises(InputError, match=f"{call}='lss'"):
        if call == "kind":
            Entry(entry.fn, "lss", {"y_hat": "n"}, source="none", shelved=False)  # type: ignore[arg-type]
        else:
            entry.mistake("lss")


def test_has_a_page_from_the_command_line(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "symdiff.cli",
        "explain",
        "charbonnier",
        str(FILE),
        "--report",
        str(tmp_path),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "2 derivatives: all proved; 1 of 1 wrong twin refuted by name" in run.stdout
    assert "Charbonnier" in (tmp_path / "charbonnier.html").read_text(encoding="utf-8")


def test_an_unknown_name_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "charbonier"]) == 2
    assert "charbonier" in capsys.readouterr().err
