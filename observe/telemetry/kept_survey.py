"""What a survey of past days found, kept beside them: true as long as their data is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from observe import __version__
from observe.telemetry.cache import DayCache
from observe.telemetry.cache_files import SURVEY_SUFFIX, write_whole
from observe.telemetry.catalogue import ENTRIES
from observe.telemetry.client import ServerInfo
from observe.telemetry.days import DAY, midnight
from observe.telemetry.flavour import Flavour
from observe.telemetry.marks import Mark, same


@dataclass(frozen=True)
class KeptSurvey:
    """What was found, and the marks that the days of the window had then.

    Attributes:
        flavour: what was found.
        marks: day → its mark; days without data have none.
    """

    flavour: Flavour
    marks: Mapping[datetime, Mark]

    def holds(self, marks: Mapping[datetime, Mark]) -> bool:
        """Whether days with these marks would be found to be the same."""
        return (
            bool(marks)
            and marks.keys() == self.marks.keys()
            and all(same(mark, self.marks[day]) for day, mark in marks.items())
        )


@dataclass(frozen=True)
class SurveyPlace:
    """Where the survey of a window is kept.

    Attributes:
        cache: the days of the server.
        server: who answers.
        names: metrics that exist; others make another survey.
        start: start of the window.
        end: its end.
    """

    cache: DayCache
    server: ServerInfo
    names: frozenset[str]
    start: datetime
    end: datetime

    def load(self) -> KeptSurvey | None:
        """What was kept; None for nothing, or nothing that can be used."""
        if not self._whole_days():
            return None
        try:
            return _KEPT.validate_json(self._file().read_bytes())
        except (OSError, ValidationError):
            return None

    def store(self, flavour: Flavour, marks: Mapping[datetime, Mark]) -> None:
        """Keep what was found, if it will be found again and the window can be checked then."""
        if not (flavour.settled and marks and self._whole_days()):
            return
        survey = _KEPT.dump_json(KeptSurvey(flavour, marks))
        try:
            write_whole(self._file(), lambda file: file.write(survey))
        except OSError:
            return  # as if there were no cache

    def _whole_days(self) -> bool:
        """Whether all of the window lies in days that have marks once they are over."""
        return midnight(self.start) == self.start and midnight(self.end) == self.end

    def _file(self) -> Path:
        key = [__version__, [asdict(entry) for entry in ENTRIES], str(self.server)]
        key += [sorted(self.names), self.start.isoformat(), self.end.isoformat()]
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
        day = self.end - DAY
        return self.cache.place / f"{day:%Y-%m-%d}" / f"survey-{digest}{SURVEY_SUFFIX}"


_KEPT = TypeAdapter(KeptSurvey)
