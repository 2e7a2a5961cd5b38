"""What recording rules would have recorded: a week of history for the federated tier.

History cannot be federated afterwards. `promtool` evaluates the rules on a server that holds the
counters and writes blocks that another server opens.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

from observe.bootstrap.binaries import find_binary
from observe.errors import SourceError
from observe.telemetry.recorded import EVALUATION_SECONDS, rule_file


def backfill_rates(
    url: str,
    data: Path,
    start: datetime,
    end: datetime,
    *,
    interval_seconds: int = EVALUATION_SECONDS,
) -> None:
    """Record the rates of a span that lies in the past.

    Args:
        url: a Prometheus that holds the counters.
        data: folder for the blocks: the storage of a server that is not running.
        start: first evaluation.
        end: last evaluation.
        interval_seconds: distance of evaluations.

    Raises:
        InputError: there is no promtool.
        SourceError: the rules could not be evaluated.
    """
    promtool = str(find_binary("promtool").resolve())
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="observe-rules-") as folder:
        # When a group is evaluated depends on the path of its file, as it is named here; a path
        # that is always the same makes the same samples. Some random ones would fall into the last
        # second of a block, where promtool leaves evaluations out.
        rules = Path(folder) / "rules.yml"
        rules.write_text(json.dumps(rule_file(interval_seconds)), encoding="utf-8")
        command = [
            *(promtool, "tsdb", "create-blocks-from", "rules"),
            f"--start={start.timestamp():.0f}",
            f"--end={end.timestamp():.0f}",
            f"--url={url}",
            f"--output-dir={data.resolve()}",
            f"--eval-interval={interval_seconds}s",
            rules.name,
        ]
        done = subprocess.run(  # noqa: S603 - no shell, and the program was looked up
            command, cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        last = " ".join(done.stderr.split())[-300:]
        raise SourceError(f"the recording rules could not be evaluated on {url}: {last}")
