"""What is raised where a cell of a sheet cannot be read? One sentence for the student; the cell is not judged."""

from __future__ import annotations

from symdiff.errors import InputError


class Unreadable(InputError):
    """A number or a formula that is written in no way that a sheet knows; the text says why and how to mend it."""
