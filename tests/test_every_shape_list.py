"""Is each backward pass of the list proved for every shape, and each slip in it refuted with a certified witness?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from every_shape_list import LISTED, Listed
from transformer_block import NAMES, SHAPES, block, block_backward

import symdiff as sd
from symdiff.verdicts import Verdict

_SECONDS = 60.0  # most of it would go into describing the mistake


def ask(listed: Listed, timeout: float | None = None, **slip: Any) -> Verdict:
    options: dict[str, Any] = {
        "of": listed.of,
        "wrt": listed.wrt,
        "domain": listed.domain,
        "timeout": timeout,
    }
    return sd.check(listed.fn, listed.make(**slip), listed.shapes, **options)


def assert_refuted(verdict: Verdict) -> None:
    assert verdict.status == "refuted", str(verdict)
    assert verdict.witness is not None
    assert verdict.witness.certified
    assert verdict.mistake is not None


@pytest.mark.parametrize("listed", LISTED, ids=lambda c: c.name)
def test_it_is_proved_for_every_shape(listed: Listed) -> None:
    verdict = ask(listed)
    assert verdict.status == "proved", str(verdict)
    assert verdict.scope == "every shape"
    assert all(part.scope == "every shape" for part in verdict.parts.values())


SLIPS = [
    pytest.param(listed, slip, id=f"{listed.name}: {next(iter(slip))}={next(iter(slip.values()))!s:.9}")
    for listed in LISTED
    for slip in listed.slips
]


@pytest.mark.parametrize(("listed", "slip"), SLIPS)
def test_a_slip_is_refuted(listed: Listed, slip: dict[str, Any]) -> None:
    assert_refuted(ask(listed, timeout=_SECONDS, **slip))


# A whole block ------------------------------------------------------------------------------------------------


def without_residual(grads: Any, y_bar: Any) -> Any:
    return grads[0] - y_bar


BLOCK_SLIPS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "no residual": ("x", without_residual),
    "sign": ("Wq", lambda grads, y_bar: -grads[NAMES.index("Wq")]),
    "mean for sum": ("bo", lambda grads, y_bar: grads[NAMES.index("bo")] / y_bar.shape[1]),
    "a swapped scale": ("g1", lambda grads, y_bar: grads[NAMES.index("g2")]),
}


@pytest.mark.parametrize("slip", BLOCK_SLIPS)
def test_a_slip_in_the_block_is_refuted(slip: str) -> None:
    wrt, change = BLOCK_SLIPS[slip]

    def claim(*args: Any) -> Any:
        return change(block_backward.claim(*args), args[-1])

    assert_refuted(sd.check(block, claim, SHAPES, wrt=wrt, of="vjp", timeout=60))


def test_the_block_is_proved_for_every_shape() -> None:
    """All seventeen gradients, as an author has written them."""
    verdict = sd.check(block, block_backward.claim, SHAPES, wrt=NAMES, of="vjp")
    assert verdict.status == "proved", str(verdict)
    assert set(verdict.parts) == set(NAMES)
    assert all(part.scope == "every shape" for part in verdict.parts.values())
