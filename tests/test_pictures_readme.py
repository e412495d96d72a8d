"""Are the pictures in README those that its code makes now? ``--update`` writes them."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from test_readme import CODE, README, TEXT

import symdiff as sd
from symdiff.derivations.steps import Derivation
from symdiff.pictures import quantities, steps

REPORTS = README.parent / "reports"
DRAWN = {"derivation.svg": quantities.to_svg, "derivation-steps.svg": steps.to_svg}


@pytest.fixture(scope="module")
def shown() -> Derivation:
    """The derivation of README: its code, without printing it."""
    (source,) = [block.text for block in CODE if "sd.explain(squared_error" in block.text]
    namespace: dict[str, Any] = {"np": np, "sd": sd}
    exec(source.split("print(")[0], namespace)
    found = sd.explain(namespace["squared_error"], namespace["numbers"], wrt=("w", "b"))
    assert isinstance(found, Derivation)
    return found


@pytest.mark.parametrize("name", DRAWN)
def test_the_picture_is_what_the_program_draws(name: str, shown: Derivation, update: bool) -> None:
    path, drawn = REPORTS / name, DRAWN[name](shown)
    if update:
        path.write_text(drawn, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == drawn


@pytest.mark.parametrize("name", DRAWN)
def test_readme_shows_it_and_says_what_is_on_it(name: str) -> None:
    (tag,) = re.findall(rf'<img src="reports/{re.escape(name)}"[^>]*>', TEXT)
    assert re.search(r'alt="[^"]{20,}"', tag)


def test_the_steps_are_those_of_the_text(shown: Derivation) -> None:
    root = ElementTree.fromstring(steps.to_svg(shown))
    told = [
        re.sub(r"\s+", " ", "".join(one.itertext())) for one in root.iter("{http://www.w3.org/2000/svg}text")
    ]
    for step in shown.steps:
        assert str(step.number) in told
    assert {"z = w x + b", "0.0514632", "∂L/∂w = ∂L/∂z · ∂z/∂w", "−0.139811", "10, 11"} <= set(told)
