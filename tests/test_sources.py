"""Is what a report quotes from a source really there, and is nothing quoted that is not plain?"""

# ruff: noqa: RET504  (names that are returned)

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff.checking import sources
from symdiff.checking.arguments import parameters
from symdiff.checking.questions import Of, Question, ask
from symdiff.checking.sources import Definition, definition, quoted, returned

X = np.array([1.0, 2.0])


def total(x: Any, y: Any) -> Any:
    return np.sum(x * y)


def plain(x: Any, y: Any) -> Any:
    return 2 * y


def named(x: Any, y: Any) -> Any:
    a = y + 0 * x
    dx = 2 * a
    return dx


def changed(x: Any, y: Any) -> Any:
    dx = 2 * y
    dx = dx + x
    return dx


def written_into(x: Any, y: Any) -> Any:
    dx = np.zeros(2)
    dx[:] = y
    return dx


def twice(x: Any, y: Any) -> Any:
    if x.shape[0] > 5:
        return y
    return 2 * y


def with_inner(x: Any, y: Any) -> Any:
    def inner(z: Any) -> Any:
        return 3 * z

    return inner(y)


def both(x: Any, y: Any) -> Any:
    dx = 2 * y
    return dx, 3 * x


def by_name(x: Any, y: Any) -> Any:
    return {"y": 3 * x, "x": 2 * y}


def question(claim: Any, wrt: Any = 0, of: Of = "gradient") -> Question:
    return ask(total, claim, parameters(total, (X, X)), wrt, of)


@pytest.mark.parametrize(
    ("claim", "text", "line"),
    [
        (plain, "2 * y", 1),
        (named, "dx = 2 * a", 2),
        (changed, "dx", 3),
        (written_into, "dx", 3),
        (with_inner, "inner(y)", 4),
    ],
)
def test_what_a_function_returns(claim: Any, text: str, line: int) -> None:
    found = returned(question(claim), 0)
    assert found is not None
    assert found.text == text
    assert found.place.endswith(f"test_sources.py:{claim.__code__.co_firstlineno + line}")
    assert (quoted(question(claim), found.place) or "").strip().endswith(text)


def test_each_target_has_its_own() -> None:
    for claim, texts in ((both, ("dx = 2 * y", "3 * x")), (by_name, ("2 * y", "3 * x"))):
        asked = question(claim, ("x", "y"))
        assert tuple(r.text for k in (0, 1) if (r := returned(asked, k)) is not None) == texts


def test_lambdas_are_told_apart() -> None:
    pair = (lambda x, y: 4 * y, lambda x, y: 5 * y)
    assert [r.text for claim in pair if (r := returned(question(claim), 0))] == ["4 * y", "5 * y"]


def test_what_is_not_plain_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert returned(question(twice), 0) is None
    assert returned(question(partial(plain)), 0) is None
    assert returned(question(np.multiply), 0) is None
    assert quoted(question(plain), "elsewhere.py:3") is None
    assert quoted(question(plain), None) is None
    lines = ["def plain(x, y):\n", "    return 7\n"]  # another file than the one that was run
    monkeypatch.setattr(sources.linecache, "getlines", lambda *_: lines)
    assert returned(question(plain), 0) is None


def test_the_definition_of_what_no_import_reaches() -> None:
    other = 3.0
    assert definition(lambda x: np.tanh(x), "fn") == Definition("fn = lambda x: np.tanh(x)", ())
    assert definition(lambda x: total(x, x), "fn") == Definition("fn = lambda x: total(x, x)", ("total",))
    assert definition(lambda x: other * x, "fn") is None
    assert definition(np.tanh, "tanh") is None

    def local(x):  # type: ignore[no-untyped-def]
        return 2 * x

    text = "def local(x):  # type: ignore[no-untyped-def]\n    return 2 * x"
    assert definition(local, "local") == Definition(text, ())


def test_a_snippet_of_lambdas_runs() -> None:
    snippet = sd.check(lambda x: total(x, x), lambda x: 3 * x, X).snippet
    assert snippet is not None
    *lines, last = snippet.splitlines()
    names: dict[str, Any] = {}
    exec("\n".join([*lines, f"yours, exact = {last}"]), names)
    assert (names["yours"].tolist(), names["exact"].tolist()) == ([3, 0], [2, 0])
