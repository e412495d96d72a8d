"""How do machines read a page? As JSON with every number as text where it is exact."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np

from symdiff.pages import numbers
from symdiff.pages.rows import ClaimRow, Page
from symdiff.verdicts import Entry, Verdict, Witness, to_plain

_SHOWN = 100  # entries of an array that are written one by one


def as_json(page: Page) -> str:
    """The whole page."""
    content = {
        "summary": page.summary,
        "counts": page.counts,
        "claims": [_claim(row) for row in page.rows],
        "printed": [asdict(row) for row in page.printed],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _claim(row: ClaimRow) -> dict[str, Any]:
    return {
        "file": row.file,
        "line": row.line,
        "name": row.name,
        "source": row.source,
        "seconds": round(row.seconds, 3),
        "verdict": _verdict(row.verdict),
        "printed": asdict(row.printed) if row.printed is not None else None,
    }


def _short(value: Any) -> Any:
    """An input of a witness; of a large array its ends and its shape."""
    return numbers.text(value) if np.size(value) > _SHOWN else to_plain(value)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    result = {
        "status": verdict.status,
        "ok": verdict.ok,
        "question": verdict.question,
        "scope": verdict.scope,
        "reason": verdict.reason,
        "evidence": asdict(verdict.evidence),
        "kink": verdict.kink,
        "numerics": verdict.numerics,
        "readings": list(verdict.readings),
        "mistake": asdict(verdict.mistake) if verdict.mistake else None,
        "returned": verdict.returned,
        "right": list(verdict.right),
        "invariants": list(verdict.invariants),
        "where": verdict.where,
        "source": verdict.source,
        "snippet": verdict.snippet,
        "blind": asdict(verdict.blind) if verdict.blind else None,
        "parts": {name: _verdict(part) for name, part in verdict.parts.items()},
        "witness": None,
    }
    if verdict.witness is not None:
        result["witness"] = _witness(verdict.witness)
    return result


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "inputs": {name: _short(value) for name, value in witness.inputs.items()},
        "argument": witness.argument,
        "index": list(witness.index),
        "claimed": str(witness.claimed),
        "exact": str(witness.exact),
        "certified": witness.certified,
        "enclosures": list(witness.enclosures) if witness.enclosures else None,
        "entries": [_entry(entry) for entry in witness.entries],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "index": list(entry.index),
        "claimed": str(entry.claimed),
        "exact": str(entry.exact),
        "measured": entry.measured,
        "wrong": entry.wrong,
    }
