"""What a frame of a snapshot is described by: its columns and their types."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from observe.errors import InputError

TIME = "datetime64[ns, UTC]"


@dataclass(frozen=True)
class FrameSpec:
    """Columns of one frame.

    Attributes:
        name: name of the frame and of its Parquet file.
        columns: column name → pandas dtype.
        meaning: what a row is.
    """

    name: str
    columns: dict[str, str]
    meaning: str

    def empty(self) -> pd.DataFrame:
        """A frame without rows, with the right columns and types."""
        return pd.DataFrame({c: pd.Series(dtype=t) for c, t in self.columns.items()})

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The same rows with exactly these columns, in this order, with these types.

        Raises:
            InputError: a column is missing or holds values of another type.
        """
        missing = [c for c in self.columns if c not in frame.columns]
        if missing:
            raise InputError(f"frame '{self.name}' lacks the column {', '.join(missing)}")
        try:
            return frame[list(self.columns)].astype(self.columns).reset_index(drop=True)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"frame '{self.name}' holds a value of the wrong type: {error}"
            ) from error
