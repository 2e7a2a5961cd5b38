"""Label values come from outside: shorten them and take the harm out of them."""

from __future__ import annotations

import re
import unicodedata

#: Longest label value that a report shows.
LONGEST = 80

# In Markdown these start a span, a table cell, a link, a mention or a formula.
_MARKDOWN = re.compile(r"([\\`*_\[\]|~#@$])")
# Renderers that let HTML through do so even after a backslash.
_HTML = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
# A line that starts like this becomes a list, a rule or a heading.
_BULLET = re.compile(r"^([-+=])")
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def plain(value: object) -> str:
    """One line without control characters.

    Line breaks and tabs become spaces; control, format (such as those that turn the direction
    of writing), private and unassigned characters become U+FFFD.
    """
    text = " ".join(str(value).split())
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _HARMFUL else c for c in text
    )


_HARMFUL = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))


def shorten(value: object, longest: int = LONGEST) -> str:
    """:func:`plain`, cut in the middle when longer than `longest` characters."""
    text = plain(value)
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 1]}…{text[-tail:]}"


def escape_markdown(value: object) -> str:
    """Text that Markdown (CommonMark, GitHub) shows as it is, in a table cell too."""
    if isinstance(value, Markdown):
        return str(value)
    text = _MARKDOWN.sub(r"\\\1", plain(value)).translate(_HTML)
    return _NUMBERED.sub(r"\1\\\2", _BULLET.sub(r"\\\1", text))


def code(value: object) -> Markdown:
    """A label value as a Markdown code span, safe in a table cell."""
    # A backslash of the label's own before a bar would end the cell after all.
    text = shorten(value).replace("`", "'").replace("\\", "⧵").replace("|", "\\|")
    return Markdown(f"`{text or ' '}`")
