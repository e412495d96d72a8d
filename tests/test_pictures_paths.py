"""Are optimizers' paths those of real steps, and are they drawn the same each time, in the page's colours?"""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from symdiff.errors import InputError
from symdiff.library import find, registry
from symdiff.library.landscapes import (
    GROUNDS,
    ROSENBROCK,
    SEVEN,
    VALLEY,
    landscapes_of,
    rosenbrock,
    valley,
    walk,
    walked,
)
from symdiff.pictures import paths
from symdiff.pictures.landscapes import Landscape, Walk


def test_gradient_descent_is_the_recurrence_on_paper() -> None:
    """On the quadratic each coordinate's distance to the minimum shrinks by 1 - rate * curvature."""
    rate = VALLEY.rates["sgd"]
    found = np.array(walk("sgd", VALLEY).points)
    steps = np.arange(VALLEY.steps + 1)
    exact = np.stack([1 - 3 * (1 - rate) ** steps, 1 + (1 - 25 * rate) ** steps], axis=1)
    np.testing.assert_allclose(found, exact, atol=1e-9, rtol=0)


def test_adam_walks_as_its_paper_says() -> None:
    theta, m, v = np.array(ROSENBROCK.start), np.zeros(2), np.zeros(2)
    for t, point in enumerate(walk("adam", ROSENBROCK).points[:50], 1):
        np.testing.assert_allclose(point, theta, atol=1e-8, rtol=0)
        x, y = theta
        g = np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        theta = theta - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


@pytest.mark.parametrize("ground", GROUNDS, ids=lambda ground: ground.fn.__name__)
def test_all_seven_come_down(ground) -> None:  # type: ignore[no-untyped-def]
    landscape = walked(ground=ground)
    assert tuple(walk.name for walk in landscape.walks) == SEVEN
    for one in landscape.walks:
        assert len(one.points) == len(one.heights) == ground.steps + 1
        assert one.heights[-1] < one.heights[0] / 4, one.name


def test_the_lowest_points_are_the_minima() -> None:
    for ground, fn in ((VALLEY, valley), (ROSENBROCK, rosenbrock)):
        assert float(fn(np.array(ground.lowest))) == 0
        assert all(height >= 0 for row in walked(["sgd"], ground).heights for height in row)


def test_a_walk_ends_where_numbers_end() -> None:
    one = walk("sgd", ROSENBROCK, learning_rate=1.0)
    assert len(one.points) < 10
    assert np.all(np.isfinite(one.heights))


def test_only_optimizers_walk() -> None:
    with pytest.raises(InputError, match="Name an optimizer: sgd, momentum"):
        walk("tanh", VALLEY)


def test_every_optimizer_has_a_path_on_its_page_beside_gradient_descent() -> None:
    for entry in registry("optimizer"):
        names = [[one.name for one in landscape.walks] for landscape in landscapes_of(entry)]
        assert names == [["sgd", entry.name] if entry.name != "sgd" else ["sgd"]] * 2
    assert landscapes_of(find("tanh")) == ()


@pytest.fixture(scope="module")
def seven() -> str:
    drawn = paths.svg(walked())
    assert drawn is not None
    return drawn


def test_the_drawing_says_what_it_shows(seven: str) -> None:
    for name, rate in (("sgd", "0.07"), ("lamb", "0.05")):
        assert f">{name}</text>" in seven
        assert f">rate {rate}</text>" in seven
    assert "<title id=" in seven and "Paths on An ill-conditioned quadratic</title>" in seven
    assert "sgd (learning rate 0.07) comes from 17 to" in seven


def test_the_drawing_is_plain_and_the_same_each_time(seven: str) -> None:
    assert paths.svg(walked()) == seven
    assert ElementTree.fromstring(seven).tag == "{http://www.w3.org/2000/svg}svg"
    assert "<script" not in seven and "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", seven)
    assert not re.search(r"\d{4}-\d\d-\d\d", seven)


def test_colours_are_those_of_the_page(seven: str) -> None:
    assert "#0b0c" not in seven
    assert "--of-path-6: var(--path-6, " in seven
    assert "@media (prefers-color-scheme: dark)" in seven


def test_names_are_shown_literally() -> None:
    one = Walk("</script>$x$\\input{a%b}ü", "rate <1>", ((0.0, 0.0), (1.0, 1.0)), (1.0, 0.5))
    grid = ((1.0, 2.0), (2.0, 3.0))
    drawn = paths.svg(Landscape("<b>", "a & b", (0.0, 1.0), (0.0, 1.0), grid, (0.5, 0.5), (one,)))
    assert drawn is not None
    words = "".join(ElementTree.fromstring(drawn).itertext())
    assert "</script>$x$\\input{a%b}ü, rate <1>" in words
    assert "<script" not in drawn and "</script" not in drawn


def test_two_pictures_on_one_page_share_no_names() -> None:
    drawn = [paths.svg(landscape) or "" for landscape in landscapes_of(find("adam"))]
    names = [set(re.findall(r' id="([^"]*)"', text)) for text in drawn]
    assert names[0] and not names[0] & names[1]
    for text, own in zip(drawn, names, strict=True):
        assert set(re.findall(r'(?:url\(#|href="#)([^")]*)', text)) <= own
        assert all(
            rule.strip().startswith((".symdiff-picture", "@media"))
            for rule in re.findall(r"(?m)^[^\n{}<]*(?=\{)", text)
        )
