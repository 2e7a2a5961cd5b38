"""Colours that colour-blind people can tell apart, for light and dark backgrounds.

The hues are those of Okabe & Ito, "Color Universal Design" (2008), darkened or lightened where
they would lack contrast. Charts are drawn in the light colours; inline SVG swaps each of them for
the CSS variable of the same name, so that one chart serves both schemes.
"""

from __future__ import annotations

#: name → (on white, on a dark background)
COLOURS: dict[str, tuple[str, str]] = {
    "ink": ("#1b1f24", "#e6e8eb"),
    "muted": ("#5b6470", "#a3acb8"),
    "grid": ("#dfe3e8", "#343b45"),
    "paper": ("#fefefe", "#15181d"),
    "p50": ("#4a9fd0", "#56b4e9"),
    "p99": ("#0072b2", "#7cc4f5"),
    "p999": ("#d55e00", "#f0863a"),
    "proposed": ("#00805f", "#2fc79b"),
    "current": ("#a8487f", "#e59cc8"),
    "busy": ("#f7e7b5", "#4a431f"),
    "excluded": ("#d0d4da", "#4b525c"),
    "volume": ("#b9c1cb", "#566070"),
}

LIGHT: dict[str, str] = {name: pair[0] for name, pair in COLOURS.items()}


def css_variables(scheme: int) -> str:
    """CSS declarations `--name: colour;` of the light (0) or dark (1) scheme."""
    return " ".join(f"--{name}: {pair[scheme]};" for name, pair in COLOURS.items())
