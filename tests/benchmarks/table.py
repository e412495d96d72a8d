"""Write reports/benchmarks.md: ``python -m tests.benchmarks.table``. With keys of tasks: only print those."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from . import chain, peers
from .catalogue import TASKS
from .series import CORE_SHARE, WARM_UP, measure, one_core
from .start_up import DEPENDENCIES, ROOT, seconds_to_first, seconds_to_import, steps_of_chain
from .tasks import Call, Task, assert_same, ready

REPORT = ROOT / "reports" / "benchmarks.md"
Row = Sequence[str]

METHOD = """# Benchmarks

Written by `python -m tests.benchmarks.table`; `pytest tests/benchmarks --benchmark-only` times one by one.
No test asserts a time: this is the record of one run.

- One process pinned to one core, one thread in every pool; so CPU seconds, which are the seconds of a quiet
  machine. float64 unless said.
- Paired: {rounds} rounds with every candidate in each, in rotated order; a call is repeated to fill 20 ms,
  after {warm_up} to warm up. A round is quiet when the process had {share:.0%} of its core. The quiet rounds
  count, and at least the quietest half.
- *a call*: median over rounds. *ratio*: median over rounds of candidate by first row in the same round.
- *first result*: derive, compile and first call in a fresh process, libraries loaded before.
- All candidates of a task gave the same numbers before they were timed.
"""

TARGETS = {
    **{f"chain-{n}": "An evaluation at most 1.1 times the loop by hand." for n in chain.LENGTHS},
    "one-point": "At most 1.25 times the code by hand.",
    "many-points": "At most 0.8 times NumPy with fresh arrays. Their cost varies with the allocator's state.",
    "mlp-gradient-float32": "At most 1.1 times NumPy by hand.",
    "mlp-gradient-float64": "At most 1.1 times NumPy by hand.",
    "mlp-HVP-float32": "At most 2.0 times the gradient.",
    "mlp-HVP-float64": "At most 2.0 times the gradient.",
    "verdict-25-entries": "At most 10 ms.",
    "verdict-batch-1": "At most 60 ms with the proof, 5 ms as a black box; the peers give no proof.",
    "verdict-batch-16": "At most 60 ms with the proof; the peers give no proof.",
}


def duration(seconds: float) -> str:
    """Three digits and a unit.

    >>> duration(0.00012345)
    '123 µs'
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def ratio(value: float) -> str:
    """Three digits, never an exponent.

    >>> ratio(1980.2)
    '1980'
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(head: Row, rows: Iterable[Row]) -> list[str]:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return ["", *("| " + " | ".join(line) + " |" for line in lines), ""]


# Sections -------------------------------------------------------------------------------------------------


def task_section(task: Task, rounds: int) -> Iterator[str]:
    """One task: the first result in a fresh process, a call, and its ratio to the base."""
    calls, absent = _calls(task)
    series = measure(calls, rounds=rounds)
    rows: list[Row] = []
    for name in (candidate.name for candidate in task.candidates):
        if name in absent:
            rows.append((name, "-", "-", absent[name]))
        else:
            first, timing = seconds_to_first(task.key, name), series.timings[name]
            rows.append((name, duration(first), duration(timing.median), ratio(timing.ratio)))
    yield from [f"## {task.title}", "", TARGETS[task.key]]
    yield from table(("candidate", "first result", "a call", "ratio"), rows)
    yield from [f"Quiet rounds: {series.quiet} of {series.rounds}.", ""]


def _calls(task: Task) -> tuple[dict[str, Call], dict[str, str]]:
    """The candidates that are here, compared with the base; and why the others are not."""
    point, base = task.setting(), task.candidates[0]
    calls = {base.name: ready(base, point).call}
    expected, absent = calls[base.name](), {}
    for candidate in task.candidates[1:]:
        try:
            call = ready(candidate, point).call
        except ImportError as missing:
            absent[candidate.name] = str(missing)
            continue
        assert_same(task, candidate.name, call(), expected)
        calls[candidate.name] = call
    return calls, absent


def steps_section(rounds: int) -> Iterator[str]:
    """The chain from function to kernel, by length; and what twice the length costs."""
    repeats = 5
    found = [{n: steps_of_chain(n) for n in chain.LENGTHS} for _ in range(repeats)]
    rows = []
    for n in chain.LENGTHS:
        steps = [median(times) for times in zip(*(f[n] for f in found), strict=True)]
        rows.append((str(n), *map(duration, steps), duration(sum(steps)), duration(sum(steps) / n)))
    growth = median(sum(f[2000]) / sum(f[1000]) for f in found)
    yield "## Chain: from the function to the compiled kernel"
    yield from ["", f"Fresh processes, medians of {repeats}. At n = 1000 at most 1 s together."]
    yield from table(("n", "trace", "derive", "compile", "together", "a layer"), rows)
    calling = _evaluation_growth(rounds)
    yield f"n = 2000 by n = 1000, at most 2.3: to the kernel {growth:.3g}, an evaluation {calling:.3g}."
    yield ""


def _evaluation_growth(rounds: int) -> float:
    calls: dict[str, Call] = {}
    for n in (1000, 2000):
        point = chain.setting(n)
        kernel, _ = chain.gradient_kernel(point)
        calls[str(n)] = partial(kernel, *point)
    return measure(calls, rounds=rounds).timings["2000"].ratio


def order_section(rounds: int) -> Iterator[str]:
    """A Hessian-vector product by a gradient, each by the same candidate."""
    yield "## Hessian-vector product by gradient"
    yield from ["", "The MLP above, paired. At most 2.0."]
    rows = []
    for dtype in ("float32", "float64"):
        gradient, product = TASKS[f"mlp-gradient-{dtype}"], TASKS[f"mlp-HVP-{dtype}"]
        point = gradient.setting()
        for first, second in zip(gradient.candidates, product.candidates, strict=True):
            try:
                pair = {"gradient": ready(first, point).call, "HVP": ready(second, point).call}
                rows.append((first.name, dtype, f"{measure(pair, rounds=rounds).timings['HVP'].ratio:.3g}"))
            except ImportError as missing:
                rows.append((first.name, dtype, str(missing)))
    yield from table(("candidate", "dtype", "ratio"), rows)


def import_section() -> Iterator[str]:
    """``import symdiff`` beside its dependencies alone."""
    yield "## Import"
    yield from ["", "Fresh processes, medians of 5. At most 2 s."]
    rows = [
        (f"import {m}", duration(median(seconds_to_import(m) for _ in range(5))))
        for m in ("symdiff", DEPENDENCIES)
    ]
    yield from table(("statement", "seconds"), rows)


def heading(rounds: int) -> Iterator[str]:
    """How it was measured, where, and with which versions."""
    yield METHOD.format(rounds=rounds, share=CORE_SHARE, warm_up=WARM_UP)
    versions = ", ".join(f"{name} {found}" for name, found in peers.versions().items())
    yield f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}; {versions}."
    yield ""


def processor() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    names = (
        [
            line.split(":")[1].strip()
            for line in info.read_text().splitlines()
            if line.startswith("model name")
        ]
        if info.exists()
        else []
    )
    return names[0] if names else platform.machine()


def main(arguments: list[str]) -> None:
    """Measure the tasks of these keys, or everything into the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", nargs="*", choices=[[], *TASKS], metavar="KEY", help=", ".join(TASKS))
    parser.add_argument("--rounds", type=int, default=31)
    chosen = parser.parse_args(arguments)
    lines: list[str] = []

    def write(section: Iterable[str]) -> None:
        for line in section:
            print(line, flush=True)
            lines.append(line)

    with one_core():
        if chosen.keys:
            for key in chosen.keys:
                write(task_section(TASKS[key], chosen.rounds))
            return
        write(heading(chosen.rounds))
        write(steps_section(chosen.rounds))
        for task in TASKS.values():
            write(task_section(task, chosen.rounds))
        write(order_section(chosen.rounds))
        write(import_section())
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
