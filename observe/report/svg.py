"""matplotlib figures as small inline SVG that follows the page's colours, and as PNG."""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING, Any

from observe.report.palette import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_VARIABLES = {light: f"var(--{name})" for name, (light, _) in COLOURS.items()}
_COLOUR = re.compile("|".join(_VARIABLES))
_OPENING = re.compile(r'<svg [^>]*viewBox=("[^"]+")[^>]*>')
_STYLE = re.compile(r'style="([^"]*)"')
_TAG = re.compile(r"<[^>]*>")
_PATH = re.compile(r' d="([^"]*)"')
_COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
#: A tenth of a point is finer than a screen shows.
_FINE = re.compile(r"(\d\.\d)\d+")
_GROUP = re.compile(r"(<g>|<g [^>]*>|</g>)")
_SMALLER = (
    (re.compile(r"<!--.*?-->|<metadata>.*?</metadata>", re.S), ""),
    # The page styles charts; a style element within one would speak for the whole page.
    (re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.S), ""),
    # Ids of groups repeat from one chart to the next; only those of clips and markers are used.
    (re.compile(r'<g id="[^"]*"'), "<g"),
    (re.compile(r"font-family: [^;\"]*;? ?"), ""),
    (re.compile(r"font: ([\d.]+px) [^;\"]*"), r"font-size: \1"),
    (re.compile(r' transform="rotate\(-0 [^"]*"'), ""),
    (re.compile(r"\s+"), " "),
    (re.compile(r"> <"), "><"),
    (re.compile(r'; ?"| (?=")'), lambda match: '"' if match[0].endswith('"') else ""),
    (re.compile(r"<g>\s*</g>"), ""),
)


class Styles:
    """Turns the style attributes of many charts into classes that they share.

    Charts repeat a few dozen styles thousands of times. Names are given in the order in which
    styles are first seen, so that the same charts give the same names.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def shared(self, svg: str) -> str:
        """The same chart with classes in place of styles."""
        return _STYLE.sub(lambda match: f'class="{self._name(match[1])}"', svg)

    def _name(self, style: str) -> str:
        return self._names.setdefault(style, f"c{len(self._names)}")

    @property
    def css(self) -> str:
        """The rules of all classes given out so far."""
        return "".join(f".{name}{{{style}}}" for style, name in self._names.items())


def inline_svg(figure: Figure, salt: str, description: str) -> str:
    """A figure as an `<svg>` element for a page that defines the palette's CSS variables.

    Args:
        figure: the figure; its canvas is left as it is.
        salt: makes the ids within the SVG unique in the page, and the same in every run.
        description: what the chart shows, for screen readers.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.StringIO()
    # The SVG backend takes these two from matplotlib's settings only; they are restored at once.
    with mpl.rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}):
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = _PATH.sub(lambda path: f' d="{relative_path(path[1])}"', text)
    text = _TAG.sub(lambda tag: _FINE.sub(r"\1", tag[0]), text)
    for pattern, replacement in _SMALLER:
        text = pattern.sub(replacement, text)
    text = _without_bare_groups(_COLOUR.sub(lambda match: _VARIABLES[match[0]], text))
    label = escape(description, quote=True)
    opening = f'<svg class="chart" role="img" aria-label="{label}" viewBox='
    return _OPENING.sub(lambda match: f"{opening}{match[1]}>", text, count=1).strip()


def relative_path(path: str) -> str:
    """A path of straight lines with steps in place of places, in tenths of a point.

    Steps are differences of rounded places, so that errors do not add up. Paths with curves are
    returned as they are.
    """
    commands = _COMMAND.findall(path)
    if any(name not in "MLz" for name, _ in commands):
        return path
    parts, x, y, line = [], 0, 0, False
    for name, numbers in commands:
        if name == "z":
            parts.append("z")
            line = False
            continue
        to_x, to_y = (round(float(number) * 10) for number in numbers.split())
        if name == "M":
            parts.append(f"M{_tenths(to_x)} {_tenths(to_y)}")
        else:
            step = f"{_tenths(to_x - x)} {_tenths(to_y - y)}".replace(" -", "-")
            parts.append(step if line and step[0] == "-" else f"{' ' if line else 'l'}{step}")
        x, y, line = to_x, to_y, name == "L"
    return "".join(parts)


def _tenths(number: int) -> str:
    """`1.5` for 15, `.5` for 5."""
    text = f"{number / 10:g}"
    return text.replace("0.", ".", 1) if abs(number) < 10 and number else text


def _without_bare_groups(svg: str) -> str:
    """Groups without attributes do nothing."""
    parts, bare = [], []
    for part in _GROUP.split(svg):
        if part == "<g>":
            bare.append(True)
        elif part == "</g>":
            if not bare.pop():
                parts.append(part)
        else:
            if part.startswith("<g "):
                bare.append(False)
            parts.append(part)
    return "".join(parts)


def png(figure: Figure, dots_per_inch: int = 150) -> bytes:
    """A figure as PNG; the same figure gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    figure.set_dpi(dots_per_inch)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()
