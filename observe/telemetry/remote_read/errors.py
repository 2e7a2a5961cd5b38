"""Why samples could not be read raw; in every case the same can be asked in PromQL."""

from __future__ import annotations

from observe.errors import SourceError
from observe.telemetry.faults import CutAnswerError


class NoRemoteReadError(SourceError):
    """The server does not offer remote read with streamed chunks: do not ask it again."""


class CorruptStreamError(CutAnswerError):
    """The stream broke off, failed a checksum or is not what was agreed on.

    Nothing of it may be used. Asking again, or for less, may work.
    """
