"""Attention: ``sd.attention.NAME`` is the function of an entry; ``symdiff list`` shows the names."""

from symdiff.library.shelves import shelf

__getattr__, __dir__ = shelf(__name__)
