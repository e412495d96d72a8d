"""Does a name that steers a terminal, or turns the text around, reach a terminal, a page or a picture as it is?"""

import io
import unicodedata
from argparse import Namespace
from xml.etree import ElementTree

import numpy as np
import pytest
from markupsafe import Markup
from rich.console import Console

import symdiff as sd
from symdiff.chapters import marks
from symdiff.cli.deriving import run
from symdiff.pages.controls import finished, visible
from symdiff.pictures.operations import to_svg as graph_svg
from symdiff.pictures.steps import to_svg as steps_svg

KEYS = ("a\x1b[31m\x1b]0;PWN\x07b", "p\u202eq", "x\x00\x9b\u2066\ufeff", "s\ud800\uffff")
SHOWN = ("aU+001B[31mU+001B]0;PWNU+0007b", "pU+202Eq", "xU+0000U+009BU+2066U+FEFF", "sU+D800U+FFFF")
FILE = r"""
import numpy as np
import symdiff as sd

def loss(p):
    return np.sum(np.exp(p["a\x1b[31m\x07\u202eb"]) ** 2)

@sd.derivative_of(loss, inputs={"p": {"a\x1b[31m\x07\u202eb": np.arange(3.0)}})
def slope(p):
    return {"a\x1b[31m\x07\u202eb": 2 * np.exp(2 * p["a\x1b[31m\x07\u202eb"])}
"""


def hidden(text: str) -> list[str]:
    """The characters of a text that nobody sees."""
    found = (c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn") and c not in "\n\t")
    return sorted({f"{ord(c):04X}" for c in found})


@pytest.fixture(scope="module", params=range(len(KEYS)))
def named(request):
    """A derivation with such a key, and how the key is shown."""
    key = KEYS[request.param]

    def loss(p):
        z = p[key] * 2.0
        return np.sum(np.exp(z) * z)

    return sd.explain(loss, {"p": {key: np.arange(3.0)}}), SHOWN[request.param]


def test_the_keys_are_hidden_before():
    assert all(hidden(key) for key in KEYS) and not any(hidden(shown) for shown in SHOWN)
    assert tuple(map(visible, KEYS)) == SHOWN
    assert visible("é z̈ 中\n\tσ²") == "é z̈ 中\n\tσ²"


@pytest.mark.parametrize("form", ["to_text", "to_html", "to_svg", "to_markdown", "to_latex", "_repr_html_"])
def test_derivations_show_numbers(named, form):
    derivation, shown = named
    text = getattr(derivation, form)()
    assert hidden(text) == []
    told = text.replace("\\mbox{\\footnotesize ", "").replace("}", "").replace("{", "").replace("\\$", "$")
    assert shown.split("]")[0][:8] in told
    assert text.encode()


def test_the_whole_name_stands_in_a_table(named):
    derivation, shown = named
    lines = " ".join(derivation.to_text(width=200).split())
    assert shown in lines


def test_pictures_are_well_formed(named):
    derivation, shown = named
    for picture in (derivation.to_svg(), steps_svg(derivation), graph_svg(derivation.graph)):
        assert hidden(picture) == []
        assert shown in "".join(ElementTree.fromstring(picture).itertext())


def test_the_broken_picture_would_be_refused():
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(f"<svg>{KEYS[0]}</svg>")


def test_markup_stays_markup():
    assert finished("<b>\x1b").__class__ is str
    assert finished(Markup("<b>\x1b")) == Markup("<b>U+001B")


def test_chapters_show_numbers():
    assert marks.words("a\x1bb") == r"aU\+001Bb"
    assert marks.code("a\u202eb") == "`aU+202Eb`"


def test_verdicts_show_numbers():
    key = KEYS[0]
    wrong = sd.check(
        lambda p: np.sum(p[key] ** 2), lambda p: {key: 3 * p[key]}, {"p": {key: np.arange(1.0, 4.0)}}
    )
    assert wrong.status == "refuted"
    for text in (str(wrong), wrong._repr_html_(), wrong.to_latex()):
        assert hidden(text) == []


def test_the_command_shows_numbers(tmp_path, capsys):
    file = tmp_path / "keys.py"
    file.write_text(FILE)
    told = Namespace(name=str(file), digits=6, report=tmp_path / "out", indices=False)
    assert run(told, Console(file=io.StringIO())) == 0
    printed = capsys.readouterr().out
    assert hidden(printed) == [] and "aU+001B[31mU+0007U+202Eb" in printed
    assert all(hidden(page.read_text()) == [] for page in (tmp_path / "out").iterdir())
