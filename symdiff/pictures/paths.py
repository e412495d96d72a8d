"""How is a landscape drawn? Contours with a path for each optimizer, and the heights by step, by matplotlib."""

from __future__ import annotations

import importlib
import io
import math
from collections.abc import Sequence
from typing import Any

from symdiff.pictures.colours import as_picture
from symdiff.pictures.landscapes import Landscape, Walk

_NAMES = ("ink", "soft", "line", "paper", *(f"path-{k}" for k in range(7)))
_STAND_INS = {name: f"#0b0c{k:02x}" for k, name in enumerate(_NAMES)}  # for colours that the page decides
_DASHES = ("-", (0, (6, 1.5)), (0, (4, 1.5, 1, 1.5)), (0, (2, 1)), "-", (0, (6, 1.5)), (0, (2, 1)))
_RC = {
    "svg.fonttype": "none",
    "svg.hashsalt": "symdiff",
    "font.family": "sans-serif",
    "font.size": 10.5,
    "axes.edgecolor": _STAND_INS["line"],
    "axes.labelcolor": _STAND_INS["soft"],
    "xtick.color": _STAND_INS["soft"],
    "ytick.color": _STAND_INS["soft"],
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "text.color": _STAND_INS["ink"],
    "text.parse_math": False,
}
_LEVELS = 11
_WIDTH, _PANEL, _ALONE, _BY_STEP = (
    5.6,
    2.0,
    3.3,
    2.8,
)  # inches: the whole, a row of panels, the heights by step
_LOWEST, _TOP = 1e-6, 0.06
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def svg(landscape: Landscape) -> str | None:
    """The drawing, or None without matplotlib; the same landscape gives the same text.

    Up to two walks share one panel, so that they can be compared; more have a panel each.
    """
    try:
        figures = importlib.import_module("matplotlib.figure")
        matplotlib = importlib.import_module("matplotlib")
    except ImportError:
        return None
    text = io.StringIO()
    with matplotlib.rc_context(_RC):
        figure = _draw(figures, landscape)
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    colours = {stand_in: name for name, stand_in in _STAND_INS.items()}
    return as_picture(text.getvalue(), colours, f"Paths on {landscape.name}", described(landscape))


def described(landscape: Landscape) -> str:
    """The picture in words: where each walk began and ended."""
    told = [
        f"{walk.name} ({walk.settings}) comes from {walk.heights[0]:.3g} to {walk.heights[-1]:.3g} "
        f"in {len(walk.heights) - 1} steps"
        for walk in landscape.walks
    ]
    return f"{landscape.formula}. {'; '.join(told)}."


def _groups(landscape: Landscape) -> list[Sequence[int]]:
    numbers = range(len(landscape.walks))
    return [numbers] if len(numbers) <= 2 else [[k] for k in numbers]


def _draw(figures: Any, landscape: Landscape) -> Any:
    """Panels in two columns, a key in the first place that is free, the heights by step below."""
    groups = _groups(landscape)
    columns = 1 if len(groups) == 1 else 2
    rows = math.ceil((len(groups) + columns - 1) / columns)
    panel = _ALONE if columns == 1 else _PANEL
    height = rows * panel + _BY_STEP + _TOP
    figure = figures.Figure(figsize=(_WIDTH, height))
    for k, group in enumerate(groups):
        axes = figure.add_axes(_place(k, columns, panel, height))
        _panel(axes, landscape, group)
        axes.tick_params(labelleft=k % columns == 0, labelbottom=k + columns >= len(groups))
    if columns == 2:
        left, bottom, wide, high = _place(len(groups), columns, panel, height)
        figure.text(left + 0.04 * wide, bottom + 0.92 * high, _key(landscape), va="top", linespacing=1.7)
    _by_step(figure.add_axes((0.12, 0.45 / height, 0.86, (_BY_STEP - 1.15) / height)), landscape)
    return figure


def _place(k: int, columns: int, panel: float, height: float) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of a panel, as parts of the figure."""
    row, column = divmod(k, columns)
    width = 0.93 / columns
    bottom = height - _TOP - (row + 1) * panel + 0.08
    return 0.055 + column * width, bottom / height, width - 0.02, (panel - 0.36) / height


def _every(landscape: Landscape) -> int:
    """Dots stand at every so many steps."""
    return max(1, max(len(walk.points) for walk in landscape.walks) // 60)


def _key(landscape: Landscape) -> str:
    every = _every(landscape)
    dots = "each dot is a step" if every == 1 else f"a dot every {every} steps"
    return f"{landscape.name}\n{landscape.formula}\n○ start    × minimum\n{dots}"


def _panel(axes: Any, landscape: Landscape, group: Sequence[int]) -> None:
    """The contours, further apart the higher they are, and the walks of one panel."""
    heights = [height for row in landscape.heights for height in row if math.isfinite(height)]
    low, high = min(heights), max(heights)
    levels = [low + (high - low) * (k / _LEVELS) ** 3 for k in range(1, _LEVELS)]
    axes.contour(
        landscape.xs, landscape.ys, landscape.heights, levels, colors=_STAND_INS["line"], linewidths=0.9
    )
    for k in group:
        _walk(axes, landscape.walks[k], k, _every(landscape))
    axes.plot(*landscape.lowest, "x", color=_STAND_INS["ink"], markersize=6, markeredgewidth=1.4, zorder=5)
    axes.set_xlim(landscape.xs[0], landscape.xs[-1])
    axes.set_ylim(landscape.ys[0], landscape.ys[-1])
    axes.locator_params(nbins=4)
    first = landscape.walks[group[0]]
    if len(landscape.walks) <= 2:
        axes.set_title(f"{landscape.name}, {landscape.formula}", fontsize=10.5, loc="left", pad=5)
    else:
        axes.set_title(first.name, color=_colour(group[0]), fontsize=11, fontweight="bold", loc="left", pad=4)
        settings = first.settings.replace("learning rate ", "rate ")
        axes.set_title(settings, color=_STAND_INS["soft"], fontsize=9.5, loc="right", pad=4)


def _walk(axes: Any, walk: Walk, k: int, every: int) -> None:
    xs, ys = zip(*walk.points, strict=True)
    axes.plot(xs, ys, color=_colour(k), linewidth=1.3)
    axes.plot(xs[every::every], ys[every::every], ".", color=_colour(k), markersize=3.5)
    axes.plot(xs[:1], ys[:1], "o", color=_STAND_INS["paper"], markeredgecolor=_colour(k), markersize=5)


def _by_step(axes: Any, landscape: Landscape) -> None:
    """The height after each step; lines are told apart by colour and dash."""
    few = len(landscape.walks) <= 2
    for k, walk in enumerate(landscape.walks):
        label = f"{walk.name}, {walk.settings}" if few else walk.name
        heights = [max(height, _LOWEST / 10) for height in walk.heights]
        dash = _DASHES[k % len(_DASHES)]
        axes.plot(heights, linestyle=dash, color=_colour(k), linewidth=1.5, label=label)
    axes.set_yscale("log")
    lowest = min(height for walk in landscape.walks for height in walk.heights)
    axes.set_ylim(bottom=max(_LOWEST, lowest / 2))
    axes.yaxis.set_major_formatter(_power)
    axes.yaxis.set_minor_formatter("")
    axes.set_xlim(0, max(len(walk.heights) for walk in landscape.walks) - 1)
    axes.set_ylabel("loss")
    axes.set_xlabel("step")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.1, 1.0), ncols=1 if few else 4, frameon=False,
        handlelength=2.2, columnspacing=1.2,
    )  # fmt: skip


def _power(value: float, place: int | None) -> str:
    return "10" + f"{round(math.log10(value)):d}".translate(_RAISED)


def _colour(k: int) -> str:
    return _STAND_INS[f"path-{k % 7}"]
