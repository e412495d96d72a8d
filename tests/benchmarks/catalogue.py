"""Which tasks are there?"""

from __future__ import annotations

from . import chain, perceptron, verdicts
from .many_points import MANY_POINTS
from .tasks import Task
from .three_layers import ONE_POINT

CHAINS = tuple(chain.task(n) for n in chain.LENGTHS)
PERCEPTRONS = tuple(
    perceptron.task(order, dtype) for dtype in ("float32", "float64") for order in ("gradient", "HVP")
)
VERDICTS = (verdicts.ENTRIES, *map(verdicts.task, verdicts.BATCHES))
TASKS: dict[str, Task] = {
    task.key: task for task in (*CHAINS, ONE_POINT, MANY_POINTS, *PERCEPTRONS, *VERDICTS)
}
