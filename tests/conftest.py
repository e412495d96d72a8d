"""Profiles for Hypothesis, and global precisions put back after each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import flint
import mpmath
import pytest
from hypothesis import HealthCheck, settings

collect_ignore = ["added_loss.py"]  # it registers an entry, which only its own test wants

_SLOW_STARTS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile("dev", max_examples=25, deadline=None, suppress_health_check=_SLOW_STARTS)
settings.register_profile(
    "ci",
    max_examples=100,
    deadline=None,
    suppress_health_check=_SLOW_STARTS,
    derandomize=True,
    print_blob=True,
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write what comes out into README")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether a test writes what it would compare with."""
    return bool(request.config.getoption("--update", default=False))


@pytest.fixture(autouse=True)
def restored_precision() -> Iterator[None]:
    """Whatever a test does to the precision of mpmath and of the balls, the next starts from the default."""
    bits, ball_bits = mpmath.mp.prec, flint.ctx.prec
    yield
    mpmath.mp.prec, flint.ctx.prec = bits, ball_bits
