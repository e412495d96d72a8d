"""Does ``symdiff list`` show the registry and ``symdiff explain`` a page that is whole, safe and the same each time?"""

from __future__ import annotations

import json
import sys
from html.parser import HTMLParser
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from symdiff.cli import main
from symdiff.library import Entry, curves, find, registry
from symdiff.library.curves import curve_of
from symdiff.library.entries import REGISTERED
from symdiff.library.slices import slice_of
from symdiff.pages import entry_html, plots
from symdiff.pages.entry_words import ulps
from symdiff.pages.sheets import Card, Curve, FormRow, Judged, Kink, Sheet, Twin

LOSS = dedent(
    '''
    """Losses of ours."""
    import numpy as np
    from symdiff.library import Entry

    def quartic_loss(y_hat, y):
        """Quartic error, ``mean((y_hat - y)^4)``."""
        return np.mean((y_hat - y) ** 4)

    QUARTIC = Entry(quartic_loss, "loss", {"y_hat": "n d", "y": "n d"}, source="ours (2026)")

    @QUARTIC.derivative
    def quartic_gradient(y_hat, y):
        """4 (y_hat - y)^3 / N."""
        return FACTOR * (y_hat - y) ** 3 / y.size

    @QUARTIC.mistake("factor")
    def quartic_without_the_mean(y_hat, y):
        """4 (y_hat - y)^3."""
        return 4 * (y_hat - y) ** 3
    '''
)


@pytest.fixture
def own_file(tmp_path: Path):
    """Writes a file that registers an entry; what it registers is forgotten afterwards."""
    before = dict(REGISTERED)

    def write(text: str = LOSS, factor: str = "4") -> str:
        path = tmp_path / "my_losses.py"
        path.write_text(text.replace("FACTOR", factor), encoding="utf-8")
        return str(path)

    yield write
    REGISTERED.clear()
    REGISTERED.update(before)
    for name in [name for name in sys.modules if "my_losses" in name]:
        del sys.modules[name]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


# list -------------------------------------------------------------------------------------------------------


def test_list_shows_every_entry(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "list")
    assert status == 0
    for entry in registry():
        assert entry.name in out
    assert f"{len(registry())} entries" in out


@pytest.mark.parametrize(
    ("asked", "kind"), [("activation", "activation"), ("losses", "loss"), ("layers", "layer")]
)
def test_list_of_a_kind(capsys: pytest.CaptureFixture[str], asked: str, kind: str) -> None:
    status, out, _ = run(capsys, "list", asked, "--json")
    cards = json.loads(out)
    assert status == 0
    assert [card["name"] for card in cards] == [entry.name for entry in registry(kind)]  # type: ignore[arg-type]
    assert {"torch", "jax", "keras", "notes", "source", "differs"} <= set(cards[0])


def test_list_of_a_file_from_outside(capsys: pytest.CaptureFixture[str], own_file: Any) -> None:
    status, out, _ = run(capsys, "list", own_file(), "--json")
    assert status == 0
    assert [card["name"] for card in json.loads(out)] == ["quartic_loss"]


def test_list_check_of_a_file(capsys: pytest.CaptureFixture[str], own_file: Any) -> None:
    status, out, _ = run(capsys, "list", own_file(), "--check")
    assert status == 0
    assert "3 claims: 3 proved" in out
    assert "refuted as factor" in out


def test_list_check_finds_what_is_wrong(capsys: pytest.CaptureFixture[str], own_file: Any) -> None:
    status, out, _ = run(capsys, "list", own_file(factor="3"), "--check", "--json")
    page = json.loads(out)
    assert status == 1
    assert page["counts"]["refuted"] == 2  # the derivative and its own derivative


def test_a_twin_that_is_right_fails(capsys: pytest.CaptureFixture[str], own_file: Any) -> None:
    status, out, _ = run(capsys, "list", own_file(LOSS.replace("** 3\n", "** 3 / y.size\n")), "--check")
    assert status == 1
    assert "it is proved as no mistake" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "nothing_of_the_kind"), "Give one of activation, loss"),
        (("list", "no_such_file.py"), "a Python file that exists"),
        (("explain", "sigmoyd"), "near=sigmoid"),
        (("explain", "relu", "no_such_file.py"), "a Python file that exists"),
    ],
)
def test_unknown_names_are_bad_input(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert said in " ".join(err.split())


def test_a_file_without_entries_is_bad_input(capsys: pytest.CaptureFixture[str], own_file: Any) -> None:
    status, _, err = run(capsys, "list", own_file("x = 1\n"))
    assert status == 2
    assert "entries=0" in err


def test_a_broken_file_is_bad_input(capsys: pytest.CaptureFixture[str], own_file: Any) -> None:
    status, _, err = run(capsys, "list", own_file("raise ValueError('broken')\n"))
    assert status == 2
    assert "symdiff list" in err and "ValueError: broken" in err


# explain ----------------------------------------------------------------------------------------------------


def test_explain_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "explain", "sigmoid")
    text = " ".join(out.split())
    assert status == 0
    for part in (
        "section 1.1.1 of the notes",
        "s(x) = 1 / (1 + exp(-x))",
        "Verhulst (1845)",
        "torch.nn.functional.sigmoid",
        "no digit right",
        "it saturates: s'(x) < 1e-4 where |x| >= 9.22",
        "stale: x stands where 1/(1 + exp(-x)) should",
        "all proved",
    ):
        assert part in text


def test_explain_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "explain", "relu", "--json")
    sheet = json.loads(out)
    assert status == 0
    assert sheet["card"]["name"] == "relu"
    assert sheet["curve"]["kinks"] == [{"at": 0.0, "order": 1, "left": 0.0, "right": 1.0}]
    assert {row["status"] for row in sheet["derivatives"]} == {"proved"}
    assert {row["dtype"] for row in sheet["accuracy"]} == {"float64", "float32"}


def test_explain_an_entry_from_outside(
    capsys: pytest.CaptureFixture[str], own_file: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "pages"
    status, out, err = run(capsys, "explain", "quartic_loss", own_file(), "--report", str(folder))
    assert status == 0
    assert "Quartic error" in out
    assert "quartic_loss.html" in "".join(err.split())
    assert "quartic_loss(y_hat, y) by y_hat[0, 0]" in (folder / "quartic_loss.html").read_text(
        encoding="utf-8"
    )


def test_a_hostile_name_stays_in_its_folder(
    capsys: pytest.CaptureFixture[str], own_file: Any, tmp_path: Path
) -> None:
    file = own_file(LOSS.replace('source="ours (2026)"', 'source="</title><script>", name="../<b>[red]x"'))
    status, out, _ = run(capsys, "explain", "../<b>[red]x", file, "--report", str(tmp_path / "pages"))
    assert status == 0
    assert "../<b>[red]x" in out
    (page,) = (tmp_path / "pages").iterdir()
    assert page.name == "____b__red_x.html"
    assert "<script" not in page.read_text(encoding="utf-8")


def test_explain_ends_with_the_status_of_the_worst(capsys: pytest.CaptureFixture[str], own_file: Any) -> None:
    status, out, _ = run(capsys, "explain", "quartic_loss", own_file(factor="-4"))
    assert status == 1
    assert "refuted" in out


# The page ---------------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Collects tags, references to other places, and whether every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.places: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.places += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br", "hr", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def sheet(name: str = "plain", says: str = "x.", curve: Curve | None = None) -> Sheet:
    card = Card(name, "loss", "1.2", "somebody (2000)", "torch.f", "", "", "", says, "x", "", "none")
    judged = Judged("first", says, "proved", "every shape")
    twin = Twin(name, says, "sign", "refuted", "sign", says, "x = 1")
    row = FormRow(0, name, "float64", 2.0, 1.0, (says,))
    single = FormRow(0, name, "float32", 2.0, 1.0, ())
    return Sheet(card, (says,), (judged,), (judged,), (judged,), (twin,), (row, single), curve)


CURVE = Curve("f(x)", (0.0, 0.5, 1.0), ((0.0, 0.5, 1.0),) * 3, (Kink(0.5, 1, 0.0, 1.0),), ((0.0, 0.5),), 0.01)


def test_names_are_escaped() -> None:
    hostile = "<script>alert(1)</script>&\"'"
    text = entry_html.render(sheet(hostile, hostile, None))
    assert "<script" not in text
    assert "script" not in read(text).tags


def test_labels_of_curves_are_escaped() -> None:
    curve = Curve(
        "<script>x</script>", *[getattr(CURVE, f) for f in ("xs", "values", "kinks", "flat", "bound")]
    )
    assert "<script" not in entry_html.render(sheet(curve=curve))


def test_a_page_is_one_file_in_both_lights() -> None:
    pytest.importorskip("matplotlib")
    text = entry_html.render(sheet(curve=CURVE))
    reader = read(text)
    assert "svg" in reader.tags and "script" not in reader.tags and "link" not in reader.tags
    assert all(place.startswith("#") for place in reader.places)
    assert "prefers-color-scheme: dark" in text and "width=device-width" in text
    assert "var(--curve-1)" in text and "#0a0b0" not in text
    assert "the slope jumps from 0 to 1" in text


def test_pages_are_the_same_each_time() -> None:
    pytest.importorskip("matplotlib")
    assert entry_html.render(sheet(curve=CURVE)) == entry_html.render(sheet(curve=CURVE))


def test_without_matplotlib_the_page_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert plots.svg(CURVE) is None
    text = entry_html.render(sheet(curve=CURVE))
    assert "pip install" in text and "svg" not in read(text).tags


def test_a_twin_that_is_not_caught_counts_as_refuted() -> None:
    page = sheet()
    (twin,) = page.twins
    assert set(page.statuses) == {"proved"}
    missed = Twin(twin.label, twin.says, "factor", "refuted", "sign", "", "")
    assert "refuted" in Sheet(*[*vars(page).values()][:5], (missed,), (), None).statuses


@pytest.mark.parametrize(
    ("ulp", "at", "text"),
    [
        (0.0, 0.0, "0"),
        (1.94, -2.14e-7, "1.9 at -2.1e-07"),
        (540.0, -0.75, "540 at -0.75"),
        (9e15, 400.0, "9e+15 at 400"),
    ],
)
def test_errors_in_words(ulp: float, at: float, text: str) -> None:
    assert ulps(FormRow(0, "f", "float64", ulp, at, ())) == text


# Curves -----------------------------------------------------------------------------------------------------

KINKS = {
    "relu": [(0.0, 1, 0.0, 1.0)],
    "relu6": [(0.0, 1, 0.0, 1.0), (6.0, 1, 1.0, 0.0)],
    "hardtanh": [(-1.0, 1, 0.0, 1.0), (1.0, 1, 1.0, 0.0)],
    "leaky_relu": [(0.0, 1, 0.01, 1.0)],
    "elu": [(0.0, 2, 1.0, 0.0)],
    "softsign": [(0.0, 2, 2.0, -2.0)],
    "softmax": [],
    "gelu": [],
}


@pytest.mark.parametrize("name", KINKS)
def test_kinks_are_found(name: str) -> None:
    kinks = curve_of(next(entry for entry in registry() if entry.name == name)).kinks
    assert [(kink.at, kink.order, kink.left, kink.right) for kink in kinks] == KINKS[name]


def test_saturation_is_shaded() -> None:
    curve = curve_of(next(entry for entry in registry() if entry.name == "tanh"))
    assert [tuple(round(end, 3) for end in piece) for piece in curve.flat] == [(-8.0, -3.0), (3.0, 8.0)]


@pytest.mark.parametrize("entry", registry(), ids=lambda entry: entry.name)
def test_every_entry_has_a_slice(entry: Entry) -> None:
    cut = slice_of(entry)
    assert cut.label
    assert callable(cut.fn)


def test_the_search_for_kinks_ends_where_intervals_cannot_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shift of a softmax by its largest entry is open on every interval."""
    looked = []
    right = curves.enclosure

    def counted(*args: Any) -> Any:
        looked.append(args)
        return right(*args)

    monkeypatch.setattr(curves, "enclosure", counted)
    curve_of(find("scaled_dot_product_attention"))
    assert 0 < len(looked) <= 3 * curves._MOST
