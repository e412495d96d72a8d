"""Which NumPy and SciPy functions are known? One file for each group; importing them fills the table of rules."""

from symdiff.ir.doors import (
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
