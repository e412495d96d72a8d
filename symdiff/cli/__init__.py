"""The command line: ``check`` judges marked claims, ``list`` and ``explain`` show things, ``report`` writes chapters.

Exit status: 0 all right, 1 something refuted, 3 nothing refuted but something undecided, 2 bad input or no claim.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console

from symdiff import __version__
from symdiff.cli import checking, explaining, listing, reporting
from symdiff.cli.statuses import BAD_INPUT, REFUTED, RIGHT, UNDECIDED
from symdiff.errors import SymdiffError

__all__ = ["BAD_INPUT", "REFUTED", "RIGHT", "UNDECIDED", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(prog="symdiff", description="The referee for derivatives.")
    parser.add_argument("--version", action="version", version=f"symdiff {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in (checking, listing, explaining, reporting):
        command.add_to(commands)
    arguments = parser.parse_args(argv)
    errors = Console(stderr=True)
    try:
        status: int = arguments.run(arguments, errors)
    except SymdiffError as error:
        errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return BAD_INPUT
    return status
