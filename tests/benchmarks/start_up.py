"""How long does it take in a fresh process: an import, a first result, each step to the compiled chain?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DEPENDENCIES = "numpy, scipy.special, sympy, mpmath, networkx, flint, rich, jinja2"
TOO_LONG = 120


def seconds_to_import(modules: str) -> float:
    """Seconds of an import statement in a fresh process."""
    program = (
        f"import time; start = time.perf_counter(); import {modules}; print(time.perf_counter() - start)"
    )
    return float(_output(["-c", program]))


def seconds_to_first(key: str, name: str) -> float:
    """Seconds to the first result of a candidate in a fresh process, its library loaded."""
    return float(_measured("first", key, name))


def steps_of_chain(n: int) -> list[float]:
    """Seconds of trace, derive and compile of the chain of n layers in a fresh process."""
    found: list[float] = _measured("steps", str(n))
    return found


def _measured(*arguments: str) -> Any:
    return json.loads(_output(["-m", "tests.benchmarks.start_up", *arguments]).splitlines()[-1])


def _output(arguments: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=TOO_LONG, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout


def main(arguments: list[str]) -> None:
    """Measure in this process and print the seconds."""
    from .catalogue import TASKS
    from .chain import gradient_kernel, setting
    from .series import one_core
    from .tasks import ready

    with one_core():
        if arguments[0] == "first":
            task = TASKS[arguments[1]]
            print(json.dumps(ready(task.candidate(arguments[2]), task.setting()).first))
        else:
            print(json.dumps(gradient_kernel(setting(int(arguments[1])))[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
