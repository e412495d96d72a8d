"""Which NumPy and SciPy functions are known? A file for each group; importing fills the table."""

from symdiff.doors.functions import (
    arithmetic,
    compositions,
    creation,
    elementwise,
    joining,
    moving,
    products,
    reductions,
    refused,
    shaping,
    special,
)

__all__ = [
    "arithmetic",
    "compositions",
    "creation",
    "elementwise",
    "joining",
    "moving",
    "products",
    "reductions",
    "refused",
    "shaping",
    "special",
]
