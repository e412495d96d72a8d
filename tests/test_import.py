"""What does ``import symdiff`` bring with it?"""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("matplotlib", "torch", "jax", "pytest", "hypothesis")


@pytest.mark.parametrize("module", ["symdiff", "symdiff.cli"])
def test_import_is_light(module: str) -> None:
    """Plots, tensors and test tools stay out: who checks a derivative does not wait for them."""
    program = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
