"""The report that a new one is compared with."""

from __future__ import annotations

from pathlib import Path

from observe.cli.console import Console
from observe.errors import InputError
from observe.export.advice_io import load_advice
from observe.recommend.model import Advice
from observe.report.write import JSON


def earlier_advice(since: Path | None, output: Path, console: Console) -> Advice | None:
    """The advice to compare with; None when there is none.

    Args:
        since: an earlier report, or its recommendations.json; None: what `output` holds.
        output: the folder that the new report is written to.
        console: told when what `output` holds cannot be read, which is no error.

    Raises:
        InputError: `since` cannot be read.
    """
    if since is not None:
        return load_advice(since)
    if not (output / JSON).exists():
        return None
    try:
        return load_advice(output)
    except InputError as error:
        console.warn(f"not compared with the last report: {error}")
        return None


def worth_comparing(earlier: Advice | None, advice: Advice, *, named: bool) -> Advice | None:
    """The earlier advice, unless it was found by chance and is of the same window or a later one.

    Args:
        earlier: what :func:`earlier_advice` found.
        advice: what is advised now.
        named: whether it was asked for.
    """
    if earlier is None or named or earlier.window.end < advice.window.end:
        return earlier
    return None
