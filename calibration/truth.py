"""What people found by looking: counts and visits, from CSV files that are told apart by their header.

pts_s,queue,length[,certain]                       how many stood in the queue at a moment
queue,joined_s,served_s,left_s,outcome             one person's stay in the lane
queue,enter_view_pts_s,leave_view_pts_s            one person's stay in the picture, lane or not
"""

import csv
import difflib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from calibration.mot_truth import MotTruth
from edge.errors import InputError
from edge.vocabulary import Outcome, Visit

Row = dict[str, str]
SHOWN_FAULTS = 10
FORMS: tuple[tuple[Literal["counts", "visits", "views"], tuple[str, ...], tuple[str, ...]], ...] = (
    ("counts", ("pts_s", "queue", "length"), ("certain",)),
    ("visits", ("queue", "joined_s", "served_s", "left_s", "outcome"), ("ahead_on_joining", "censored")),
    ("views", ("queue", "enter_view_pts_s", "leave_view_pts_s"), ()),
)
_YES = frozenset({"true", "1", "yes"})
_OUTCOMES: dict[str, Outcome | None] = {"served": "served", "left": "left", "lost": "lost", "inside": None, "": None}
_NO = frozenset({"false", "0", "no"})


@dataclass(frozen=True)
class TruthCount:
    """How many people stood in a queue at a moment; `certain` False: arguable, told apart."""

    queue_id: str
    pts_s: float
    length: int
    certain: bool


@dataclass(frozen=True)
class Truth:
    """All truth of one replay.

    Attributes:
        counts: moments.
        visits: stays in the lane, as the machine's own visits are.
        views: stays in the picture: joined_s is when the person came into view, left_s when out of it; served_s None.
        tracks: everybody's boxes on a camera, from MOT text.
        sealed: counts of which only the score may be told.
    """

    counts: tuple[TruthCount, ...] = ()
    visits: tuple[Visit, ...] = ()
    views: tuple[Visit, ...] = ()
    tracks: tuple[MotTruth, ...] = ()
    sealed: tuple[TruthCount, ...] = ()


class _Fault(Exception):
    """What is wrong with one row, in words."""


def load(paths: Iterable[Path], queue_ids: Iterable[str]) -> Truth:
    """Reads every file.

    Raises:
        InputError: a file or rows are wrong; all faults at once, each with file, line, what came and what is allowed.
    """
    known = tuple(queue_ids)
    faults: list[str] = []
    counts: list[TruthCount] = []
    stays: dict[str, list[Visit]] = {"visits": [], "views": []}
    for path in paths:
        try:
            form, rows = _table(path)
        except _Fault as fault:
            faults.append(str(fault))
            continue
        before = len(faults)
        for number, row in rows:
            try:
                if form == "counts":
                    counts.append(_count(row, known))
                else:
                    stays[form].append(_visit(row, known) if form == "visits" else _view(row, known))
            except _Fault as fault:
                faults.append(f"{path}:{number}: {fault}")
        if not rows and len(faults) == before:
            faults.append(f"{path}: no row under its header")
    if faults:
        more = len(faults) - SHOWN_FAULTS
        raise InputError("\n".join(faults[:SHOWN_FAULTS] + ([f"... and {more} more"] if more > 0 else [])))
    return Truth(tuple(counts), tuple(stays["visits"]), tuple(stays["views"]))


def count_of(cells: Sequence[str], queue_ids: Iterable[str], where: str) -> TruthCount:
    """One row of counts (pts_s, queue, length, certain) that doesn't come from a file; InputError says where it did."""
    try:
        return _count(dict(zip(("pts_s", "queue", "length", "certain"), cells, strict=True)), tuple(queue_ids))
    except (_Fault, ValueError) as fault:
        raise InputError(f"{where}: {fault}") from None


def _table(path: Path) -> tuple[Literal["counts", "visits", "views"], list[tuple[int, Row]]]:
    """The form that the header tells, and (line number, row) of every row that isn't blank."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise _Fault(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _Fault(f"{path}: can't be read as text: {error}") from error
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        form, columns = _form(path, header)
        return form, list(_rows(path, reader, columns))
    except csv.Error as error:
        raise _Fault(f"{path}:{reader.line_num}: not CSV: {error}") from error


def _form(path: Path, header: list[str]) -> tuple[Literal["counts", "visits", "views"], list[str]]:
    for form, required, optional in FORMS:
        if not set(required) <= set(header):
            continue
        for name in header:
            if name not in required + optional or header.count(name) > 1:
                raise _Fault(f"{path}:1: unknown or repeated column {name!r}; allowed: {_columns(required, optional)}")
        return form, header
    allowed = "; or ".join(_columns(required, optional) for _, required, optional in FORMS)
    raise _Fault(f"{path}:1: the header is {','.join(header)[:80]!r}, not one of a truth file. Allowed: {allowed}")


def _columns(required: tuple[str, ...], optional: tuple[str, ...]) -> str:
    return ",".join(required) + "".join(f"[,{name}]" for name in optional)


def _rows(path: Path, reader: Iterator[list[str]], columns: list[str]) -> Iterator[tuple[int, Row]]:
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        number: int = reader.line_num  # type: ignore[attr-defined]
        if len(cells) != len(columns):
            raise _Fault(f"{path}:{number}: {len(cells)} cells, expected {len(columns)} ({','.join(columns)})")
        yield number, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}


def _count(row: Row, known: tuple[str, ...]) -> TruthCount:
    return TruthCount(
        queue_id=_queue(row, known),
        pts_s=_seconds(row, "pts_s"),
        length=_whole(row, "length"),
        certain=_flag(row, "certain", empty=True),
    )


def _visit(row: Row, known: tuple[str, ...]) -> Visit:
    if row["outcome"] not in _OUTCOMES:
        raise _Fault(
            f"outcome is {row['outcome'][:40]!r}; allowed: served, left, lost; "
            "inside, or nothing, for one who is still there at the end"
        )
    outcome = _OUTCOMES[row["outcome"]]
    joined_s = _seconds(row, "joined_s")
    served_s = _seconds(row, "served_s") if row["served_s"] else None
    left_s = _seconds(row, "left_s") if row["left_s"] else None
    times = [t for t in (joined_s, served_s, left_s) if t is not None]
    if times != sorted(times):
        raise _Fault(f"joined_s, served_s, left_s go back: {times}; a visit's times never do")
    if outcome == "served" and served_s is None:
        raise _Fault("outcome is 'served', but served_s is empty")
    return Visit(
        queue_id=_queue(row, known),
        track_ids=(),
        joined_s=joined_s,
        served_s=served_s,
        left_s=left_s,
        outcome=outcome,
        ahead_on_joining=_whole(row, "ahead_on_joining"),
        censored=_flag(row, "censored", empty=False),
    )


def _view(row: Row, known: tuple[str, ...]) -> Visit:
    enter_s, leave_s = _seconds(row, "enter_view_pts_s"), _seconds(row, "leave_view_pts_s")
    if leave_s < enter_s:
        raise _Fault(f"leave_view_pts_s {leave_s:g} is before enter_view_pts_s {enter_s:g}")
    return Visit(_queue(row, known), (), enter_s, None, leave_s, None, 0, False)


def _queue(row: Row, known: tuple[str, ...]) -> str:
    queue_id = row["queue"]
    if queue_id not in known:
        near = difflib.get_close_matches(queue_id, known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise _Fault(f"the site has no queue {queue_id!r}{hint} It has {', '.join(known)}")
    return queue_id


def _seconds(row: Row, name: str) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise _Fault(f"{name} is {row[name][:40]!r}; allowed: seconds from 0, like 12.5")
    return value


def _whole(row: Row, name: str) -> int:
    text = row.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise _Fault(f"{name} is {text[:40]!r}; allowed: a whole number of people from 0 to 99999")
    return int(text)


def _flag(row: Row, name: str, *, empty: bool) -> bool:
    text = row.get(name, "").lower()
    if text not in _YES | _NO | {""}:
        raise _Fault(f"{name} is {text[:40]!r}; allowed: true, false, or nothing ({str(empty).lower()})")
    return text in _YES if text else empty
