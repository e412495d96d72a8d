"""Which colours does a picture have? Those of the page it stands in, else its own, light or dark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from html import escape

from symdiff.pages.controls import visible

LIGHT = {
    "ink": "#1d1c1a",
    "soft": "#64615b",
    "line": "#dcd8cf",
    "paper": "#fffdf8",
    "inset": "#f5f2ea",
    "back": "#a85a1c",
    "tint": "#f7ece0",
    "path-0": "#64615b",
    "path-1": "#1f5f8b",
    "path-2": "#1b6b45",
    "path-3": "#8a6a00",
    "path-4": "#b3400f",
    "path-5": "#a03a78",
    "path-6": "#5b4bb0",
}
DARK = {
    "ink": "#e9e5dc",
    "soft": "#a8a298",
    "line": "#3b3832",
    "paper": "#181714",
    "inset": "#22201c",
    "back": "#f0a868",
    "tint": "#2e241a",
    "path-0": "#a8a298",
    "path-1": "#87bfe8",
    "path-2": "#7fcf9f",
    "path-3": "#e3c264",
    "path-4": "#ff9a6d",
    "path-5": "#f09ac8",
    "path-6": "#b8acff",
}
SCOPE = "symdiff-picture"


def style(names: Iterable[str]) -> str:
    """Rules that give ``var(--of-NAME)`` its colour inside a picture: the page's ``--NAME`` where there is one."""
    named = sorted(names)
    light, dark = (
        "; ".join(f"--of-{name}: var(--{name}, {shades[name]})" for name in named) for shades in (LIGHT, DARK)
    )
    return (
        f".{SCOPE} {{ {light} }}\n@media (prefers-color-scheme: dark) {{ .{SCOPE} {{ {dark} }} }}\n"
        f"@media print {{ .{SCOPE} {{ {light} }} }}"
    )


def used(text: str) -> tuple[str, ...]:
    """The colours that a drawing asks for."""
    return tuple(name for name in LIGHT if f"var(--of-{name})" in text)


def as_picture(text: str, colours: Mapping[str, str], title: str, words: str) -> str:
    """Another program's SVG without prolog and size, in these colours, on paper, with words for who cannot see it."""
    body = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    head, rest = body.split(">", 1)
    head = re.sub(r' (width|height|version|xmlns:xlink)="[^"]*"', "", head)
    rest = re.sub(r'(?<= d=")[^"]*|(?<= [xy]=")[^"]*', _shorter, rest)
    for colour, name in colours.items():
        rest = rest.replace(colour, f"var(--of-{name})")
    key = blake2b(rest.encode(), digest_size=4).hexdigest()
    rest = re.sub(
        r'( id="|url\(#|href="#)', rf"\g<1>{key}-", rest
    )  # other pictures on the page have such names too
    rest = rest.replace(">*{", f">.{SCOPE} *{{")
    left, top, width, height = re.search(r'viewBox="([^"]*)"', head)[1].split()  # type: ignore[index]
    return (
        f'{head} xmlns:xlink="http://www.w3.org/1999/xlink" class="{SCOPE}" role="img" '
        f'aria-labelledby="title-{key} words-{key}">\n'
        f'<title id="title-{key}">{escape(visible(title))}</title>'
        f'<desc id="words-{key}">{escape(visible(words))}</desc>\n'
        f"<style>{style([*used(rest), 'paper'])}</style>\n"
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" style="fill: var(--of-paper)"/>'
        f"{rest}".strip()
    )


def _shorter(numbers: re.Match[str]) -> str:
    """Coordinates to a tenth of a point."""
    return re.sub(r"-?\d+\.\d{2,}", lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), numbers[0])
