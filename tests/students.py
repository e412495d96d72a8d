"""A student who fills in the sheet of the three neurons: rounds as asked, goes on as told, errs where told."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from symdiff.cli.deriving import subjects
from symdiff.exercises.columns import blanks
from symdiff.exercises.marking import Marking, mark
from symdiff.exercises.reading import read
from symdiff.exercises.sheets import Sheet, inputs_text
from symdiff.exercises.subjects import Subject

TAUGHT = Path(__file__).parent / "taught.py"
LINE = re.compile(r"\|\s*(\d+) \|")


@cache
def subject(name: str) -> Subject:
    """A function of the file of exercises, or of another one: ``FILE.py::loss``."""
    (found,) = subjects(name if "::" in name else f"{TAUGHT}::{name}").values()
    return found


def sheet(name: str, cells: str, digits: int = 6) -> Sheet:
    """The sheet of a function."""
    about = subject(name)
    derivation = about.derivation
    return Sheet(name, derivation, blanks(derivation, cells), digits, inputs_text(about.named))


def marked(text: str, about: Subject) -> Marking:
    """The marks of a sheet of one function."""
    (written,) = read(text)
    return mark(written, about)


def with_cells(exercise: Sheet, column: str, texts: Mapping[str, str]) -> str:
    """The key of a sheet with other texts in some cells, by quantity."""
    numbers = {str(step.number): step.quantity for step in exercise.derivation.steps}
    place = 2 + exercise.columns.index(column)
    lines = []
    for line in exercise.text(filled=True).splitlines():
        found = LINE.match(line)
        if found and numbers[found[1]] in texts:
            cells = re.split(r"(?<!\\)\|", line)
            cells[place + 1] = texts[numbers[found[1]]].replace("|", r"\|")
            line = "|".join(cells)
        lines.append(line)
    return "\n".join(lines)


Errors = Mapping[str, Callable[[float], float]]


def three_neurons(digits: int, rounds: bool, errors: Errors) -> dict[str, str]:
    """What a student writes; one who ``rounds`` goes on with the rounded numbers, the other with all digits."""
    v: dict[str, float] = {
        "x": 2.0, "w1": 1.5, "b1": -1.0, "w2": 0.5, "b2": 0.1, "w3": 2.0, "b3": -0.3, "y": 1.0,
    }  # fmt: skip
    written: dict[str, str] = {}

    def put(name: str, value: float) -> None:
        value = errors[name](value) if name in errors else value
        written[name] = f"{value:.{digits}g}"
        v[name] = float(written[name]) if rounds else value

    put("z1", v["w1"] * v["x"] + v["b1"])
    put("a1", max(0.0, v["z1"]))
    put("z2", v["w2"] * v["a1"] + v["b2"])
    put("a2", math.tanh(v["z2"]))
    put("z3", v["w3"] * v["a2"] + v["b3"])
    put("y_hat", 1 / (1 + math.exp(-v["z3"])))
    put("L", (v["y_hat"] - v["y"]) ** 2 / 2)
    put("dL_dy_hat", v["y_hat"] - v["y"])
    put("dy_hat_dz3", v["y_hat"] * (1 - v["y_hat"]))
    put("dL_dz3", v["dL_dy_hat"] * v["dy_hat_dz3"])
    put("dz3_dw3", v["a2"])
    put("dL_dw3", v["dL_dz3"] * v["dz3_dw3"])
    put("dz3_da2", v["w3"])
    put("dL_da2", v["dL_dz3"] * v["dz3_da2"])
    put("da2_dz2", 1 - v["a2"] ** 2)
    put("dL_dz2", v["dL_da2"] * v["da2_dz2"])
    put("dz2_dw2", v["a1"])
    put("dL_dw2", v["dL_dz2"] * v["dz2_dw2"])
    put("dz2_da1", v["w2"])
    put("dL_da1", v["dL_dz2"] * v["dz2_da1"])
    put("da1_dz1", float(v["z1"] > 0))
    put("dL_dz1", v["dL_da1"] * v["da1_dz1"])
    put("dz1_dw1", v["x"])
    put("dL_dw1", v["dL_dz1"] * v["dz1_dw1"])
    return written
