"""Tables of an explanation, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from observe.report.escape import plain
from observe.report.format import count_text, duration_text, share_text
from observe.report.others import Other
from observe.report.quality import Fact
from observe.stats.histogram import Histogram

if TYPE_CHECKING:
    from rich.table import Table

#: Width of the longest bar, in characters.
BAR = 24
#: Smallest share that a bar shows; bars are logarithmic.
SMALLEST = 1e-6


def fact_table(facts: Sequence[Fact]) -> Table:
    """What was measured or predicted, one line each."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    for fact in facts:
        table.add_row(Text(plain(fact.name), style="dim"), Text(plain(fact.value)))
    return table


def other_table(others: Sequence[Other]) -> Table:
    """Settings side by side; the one that is proposed stands out."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("setting", "in this window", "why not"):
        table.add_column(name)
    for other in others:
        cells = (other.setting, other.effect, other.verdict)
        style = "" if other.verdict else "bold"
        table.add_row(*(Text(plain(cell), style=style) for cell in cells))
    return table


def bucket_table(durations: Histogram) -> Table:
    """Requests by bucket; the bar is the share that is slower, logarithmic."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("up to", "requests", "slower"):
        table.add_column(name, justify="right")
    table.add_column(f"{share_text(SMALLEST)} to 100 %, logarithmic")
    occupied = np.flatnonzero(durations.counts > 0)
    if occupied.size == 0:
        return table
    slower = np.clip(1.0 - durations.cumulative / durations.total, 0.0, 1.0)
    slower[occupied[-1] :] = 0.0
    for i in range(occupied[0], occupied[-1] + 1):
        share = float(slower[i])
        length = 1 - np.log(share) / np.log(SMALLEST) if share > SMALLEST else 0.0
        table.add_row(
            duration_text(float(durations.bounds[i])),
            count_text(float(durations.counts[i])),
            share_text(share),
            "█" * round(BAR * length),
        )
    return table
