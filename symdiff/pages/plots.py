"""How is a curve drawn? As SVG for a page, in the page's colours, by matplotlib where it is installed."""

from __future__ import annotations

import importlib
import io
import math
import re
from typing import Any

from symdiff.pages.sheets import Curve

MISSING = "No plot: matplotlib is not installed. Run `pip install 'symdiff-ml[plots]'`."
NAMES = ("value", "slope", "second derivative")
_INK, _LINE = "#0a0b0c", "#0a0b0d"  # stand for the colours of the page, which may be light or dark
_CURVES = ("#0a0b01", "#0a0b02", "#0a0b03")
_FLAT = "#0a0b04"
_VARIABLES = {
    _INK: "var(--ink)",
    _LINE: "var(--line)",
    _FLAT: "var(--flat)",
    **{colour: f"var(--curve-{k})" for k, colour in enumerate(_CURVES)},
}
_DASHES = ("-", "--", ":")
_RC = {
    "svg.fonttype": "none",
    "svg.hashsalt": "symdiff",
    "font.family": "sans-serif",
    "font.size": 10.5,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "text.color": _INK,
}
_JUMP = 0.05
_STEEPEST = 6.0  # times the range of the slope: higher values are cut
_HIGHEST = 3.0  # times that of the value: steeper slopes are cut


def svg(curve: Curve) -> str | None:
    """The drawing, or None without matplotlib; the same curve gives the same text."""
    try:
        figures = importlib.import_module("matplotlib.figure")
        matplotlib = importlib.import_module("matplotlib")
    except ImportError:
        return None
    text = io.StringIO()
    with matplotlib.rc_context(_RC):
        figure = figures.Figure(figsize=(5.6, 3.5))
        axes = figure.add_axes((0.1, 0.09, 0.88, 0.8))
        _draw(axes, curve)
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _in_the_page(text.getvalue(), curve)


def _draw(axes: Any, curve: Curve) -> None:
    for start, stop in curve.flat:
        axes.axvspan(start, stop, color=_FLAT, linewidth=0)
    axes.axhline(0, color=_LINE, linewidth=0.8)
    for values, name, colour, dash in zip(curve.values, NAMES, _CURVES, _DASHES, strict=True):
        axes.plot(*_broken(curve, values), dash, color=colour, label=name, linewidth=1.8)
    for kink in curve.kinks:
        axes.axvline(kink.at, color=_INK, linewidth=0.8, linestyle=(0, (1, 3)))
        axes.plot([kink.at], [_value_at(curve, kink.at)], "o", color=_INK, markersize=4)
    low, high = _range(curve)
    axes.set_ylim(low, high)
    axes.set_xlim(curve.xs[0], curve.xs[-1])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)


def _broken(curve: Curve, values: tuple[float, ...]) -> tuple[list[float], list[float]]:
    """The points of a line, interrupted at kinks so that a jump is not drawn as a slope."""
    xs, ys = list(curve.xs), list(values)
    for kink in curve.kinks:
        after = next((k for k, x in enumerate(xs) if x > kink.at), 0)
        before = max(0, after - 1 - (xs[after - 1] == kink.at))
        middle = (
            ys[after] + ys[before]
        ) / 2  # where the place itself is a point, a convention chose its slope
        if max(abs(y - middle) for y in ys[before : after + 1]) > _JUMP / 2:
            xs[before + 1 : after], ys[before + 1 : after] = [kink.at] * 3, [ys[before], math.nan, ys[after]]
    return xs, ys


def _value_at(curve: Curve, x: float) -> float:
    return min(zip(curve.xs, curve.values[0], strict=True), key=lambda pair: abs(pair[0] - x))[1]


def _range(curve: Curve) -> tuple[float, float]:
    """All of the values, and of slopes and values as much as leaves the others to be seen."""
    slopes = [y for values in curve.values[1:] for y in values if math.isfinite(y)]
    steep = max([1.0, *sorted(map(abs, slopes))[: max(1, int(0.98 * len(slopes)))]]) * _STEEPEST
    highest = sorted(abs(y) for y in curve.values[0] if math.isfinite(y))
    if highest:
        most = highest[int(0.98 * (len(highest) - 1))]
        steep = max(min(steep, _HIGHEST * max(1.0, most)), min(most, 2 * steep))
    shown = [y for values in curve.values for y in values if math.isfinite(y) and abs(y) <= steep]
    low, high = min(shown, default=-1.0), max(shown, default=1.0)
    margin = 0.06 * (high - low or 1.0)
    return low - margin, high + margin


def _in_the_page(text: str, curve: Curve) -> str:
    """Without prolog and size, in the page's colours, with words for those who cannot see it."""
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, variable)
    return body.replace("<svg", '<svg role="img" aria-labelledby="curve-title"', 1).strip()
