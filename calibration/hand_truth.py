"""What somebody counts by hand, kept at once: an open truth file and a sealed one, and what is still to do."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from calibration.moments import Moment
from calibration.outputs import replace_text
from calibration.sealing import public_key, seal
from calibration.truth import load
from edge.errors import InputError

COUNTS = ("pts_s", "queue", "length", "certain")
VISITS = ("queue", "joined_s", "served_s", "left_s", "outcome")


class HandCounts:
    """The counts of one person over chosen moments.

    Attributes:
        moments: what is to be counted.
        counted: (length, certain) by moment, of the open part.
        sealed: moments whose count lies in the sealed part; it can't be shown again.
    """

    def __init__(self, moments: list[Moment], path: Path, *, owner_key: Path | None = None) -> None:
        """Goes on where the files at `path` and `path`.sealed end; InputError if they can't be read."""
        self.moments, self.path = moments, path
        self.sealed_path = path.with_name(path.name + ".sealed")
        self._owner = None if owner_key is None else public_key(owner_key)
        if self._owner is None and any(m.sealed for m in moments):
            raise InputError("some moments are to be sealed, and there is no owner's key: give --owner-key FILE.pub")
        self.counted: dict[Moment, tuple[int, bool]] = {}
        self.sealed: set[Moment] = set()
        self._resume()

    def left(self) -> list[Moment]:
        """What is still to be counted."""
        return [m for m in self.moments if m not in self.counted and m not in self.sealed]

    def put(self, moment: Moment, length: int, *, certain: bool) -> None:
        """Notes a count at once in its file; a sealed moment counted again: the last one is scored."""
        if moment.sealed and self._owner is not None:
            row = _csv((), [_row(moment, length, certain)]).strip()
            line = seal(row, self._owner, pts_s=moment.pts_s, queue=moment.queue_id)
            try:
                with self.sealed_path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            except OSError as error:
                raise InputError(f"{self.sealed_path}: can't be written: {error.strerror}") from error
            self.sealed.add(moment)
            return
        self.counted[moment] = (length, certain)
        rows = sorted(self.counted.items(), key=lambda item: (item[0].pts_s, item[0].queue_id))
        replace_text(self.path, _csv(COUNTS, [_row(m, *count) for m, count in rows]))

    def _resume(self) -> None:
        at = {(m.queue_id, round(m.pts_s, 2)): m for m in self.moments}
        if self.path.exists() and self.path.stat().st_size > 0:
            for row in load([self.path], {m.queue_id for m in self.moments}).counts:
                moment = at.get((row.queue_id, round(row.pts_s, 2)), Moment(row.pts_s, row.queue_id))
                self.counted[moment] = (row.length, row.certain)
        if self.sealed_path.exists():
            for line in self.sealed_path.read_text(encoding="utf-8").splitlines():
                part = json.loads(line)
                moment_there = at.get((part.get("queue"), round(float(part.get("pts_s", -1.0)), 2)))
                if moment_there is not None:
                    self.sealed.add(moment_there)


def _row(moment: Moment, length: int, certain: bool) -> tuple[object, ...]:
    return (f"{moment.pts_s:g}", moment.queue_id, length, str(certain).lower())


@dataclass
class HandVisit:
    """One person's stay, as far as it has been seen."""

    queue_id: str
    joined_s: float
    served_s: float | None = None
    left_s: float | None = None
    outcome: str = "inside"


def write_visits(path: Path, visits: list[HandVisit]) -> None:
    """The visits' truth file, in the order of joining; InputError if it can't be written."""
    rows = [
        (v.queue_id, f"{v.joined_s:g}", _s(v.served_s), _s(v.left_s), v.outcome)
        for v in sorted(visits, key=lambda v: v.joined_s)
    ]
    replace_text(path, _csv(VISITS, rows))


def _s(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:g}"


def _csv(header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows] if header else rows)
    return text.getvalue()
