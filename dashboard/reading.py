"""What the live pages read from the store: pure functions of a read-only connection and the reader's clock.

Freshness is the age since arrival (`received_s`, the collector's clock) on the clock of this machine, never the box's
time. An age that comes out negative beyond the tolerance means that the clock was set back: then it is not known.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dashboard.alert_book import read_alerts, told
from dashboard.desk import Key
from dashboard.page import BoxRow, CameraRow, History, LineRow, Names, Page, QueueCard, Seen, Slow, Trend
from dashboard.periods import period, today
from dashboard.proofs import proofs, read_certificates
from edge.messages import STATE_EXPIRY_S
from edge.sqlite_check import lenient_text

PERIOD_S = 1.0  # of a queue's readings
HEALTH_PERIOD_S = 30.0  # of a camera's health
TOLERANCE_S = 2.0  # of the way from the box to this page
TREND_MINUTES = 30
ALERTS_S = 3 * 3600.0
ALERTS_BACK_S = 7 * 86_400.0  # an open one can be so old


def open_store(path: Path) -> sqlite3.Connection:
    """A read-only connection; sqlite3.OperationalError when there is no store, FileNotFoundError is not raised.

    Text that is not UTF-8 is shown with replacement characters rather than failing the page.
    """
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.text_factory = lenient_text
    return connection


def sites(db: sqlite3.Connection) -> tuple[str, ...]:
    """Ids of all sites that the store has heard of, sorted."""
    rows = db.execute("SELECT site FROM state UNION SELECT site FROM cameras UNION SELECT site FROM boxes ORDER BY 1")
    return tuple(row[0] for row in rows)


def read_slow(db: sqlite3.Connection, names: Names, now_s: float) -> Slow:
    """Each queue's last 30 minutes, alerts that are open or of the last three hours, today's lines, certificates."""
    rows = db.execute("SELECT queue, at, received_s FROM state WHERE site = ?", (names.site,)).fetchall()
    ahead_s = {str(row["queue"]): _clock_ahead_s(row) for row in rows}
    box_now_s = now_s + max(ahead_s.values(), key=abs, default=0.0)
    alerts = read_alerts(db, names.site, box_now_s - ALERTS_BACK_S)
    certificates, fault = read_certificates(names)
    return Slow(
        history={queue: _history(db, names.site, queue, now_s + ahead) for queue, ahead in ahead_s.items()},
        alerts=tuple(a for a in alerts if a.ended_s is None or a.ended_s >= box_now_s - ALERTS_S),
        lines=_lines_today(db, names, box_now_s),
        certificates=certificates,
        certificates_fault=fault,
    )


def read_page(
    db: sqlite3.Connection,
    names: Names,
    slow: Slow,
    now_s: float,
    seen_alerts: Mapping[Key, tuple[str, float]] = MappingProxyType({}),
) -> Page:
    """The live page of `names.site`; queues and cameras that only the site file knows are there as never heard."""
    site = names.site
    states = {str(r["queue"]): r for r in db.execute("SELECT * FROM state WHERE site = ?", (site,))}
    cameras = {str(r["camera"]): r for r in db.execute("SELECT * FROM cameras WHERE site = ?", (site,))}
    queue_names, camera_names = _named(names.queues, states), _named(names.cameras, cameras)
    rooms = dict(names.rooms)
    return Page(
        site=site,
        name=names.name or site,
        timezone=names.timezone,
        now_s=now_s,
        cards=tuple(
            QueueCard(q, n, "never", room=rooms.get(q, 0))
            if (row := states.get(q)) is None
            else replace(_card(db, row, n, slow, now_s=now_s), room=rooms.get(q, 0))
            for q, n in queue_names
        ),
        cameras=tuple(_camera(cameras.get(c), c, n, now_s) for c, n in camera_names),
        boxes=_boxes(db, site, now_s),
        alerts=told(slow.alerts, dict(queue_names), seen_alerts),
        lines=_lines(db, names, slow, now_s),
        proofs=proofs(names, slow.certificates, cameras),
        proofs_fault=slow.certificates_fault,
    )


def seen(heard_s: float | None, period_s: float, silent_s: float) -> Seen:
    """fresh: within three periods and the tolerance; late: older; silent: so old that it says nothing about now."""
    if heard_s is None:
        return "silent"
    if heard_s <= 3 * period_s + TOLERANCE_S:
        return "fresh"
    return "late" if heard_s <= silent_s else "silent"


def heard(received_s: float, now_s: float) -> float | None:
    """Seconds since arrival; None when that lies in the future: the clock was set back."""
    age_s = now_s - received_s
    return max(age_s, 0.0) if age_s >= -TOLERANCE_S else None


def trend_of(history: tuple[float | None, ...]) -> Trend | None:
    """Where a line is going: its last three minutes against the seven before; None with too little to tell."""
    recent = [v for v in history[-3:] if v is not None]
    before = [v for v in history[-10:-3] if v is not None]
    if not recent or len(before) < 2:
        return None
    change = sum(recent) / len(recent) - (was := sum(before) / len(before))
    if abs(change) < max(1.0, 0.2 * was):
        return "steady"
    return "rising" if change > 0 else "falling"


def _named(known: tuple[tuple[str, str], ...], found: dict[str, sqlite3.Row]) -> list[tuple[str, str]]:
    ids = {i for i, _ in known}
    return [*known, *((i, i) for i in sorted(found) if i not in ids)]


def _clock_ahead_s(row: sqlite3.Row) -> float:
    """How far the box's clock is ahead of this machine's, seconds; 0.0 where its time can't be read."""
    try:
        return datetime.fromisoformat(str(row["at"])).timestamp() - float(row["received_s"])
    except (ValueError, OverflowError):
        return 0.0


def _history(db: sqlite3.Connection, site: str, queue: str, box_now_s: float) -> History:
    start_s = box_now_s - TREND_MINUTES * 60
    rows = db.execute(
        "SELECT CAST((at_s - ?) / 60 AS INTEGER) AS minute, avg(length) AS mean, max(length) AS most FROM readings "
        "WHERE site = ? AND queue = ? AND at_s >= ? AND at_s < ? GROUP BY minute",
        (start_s, site, queue, start_s, box_now_s + TOLERANCE_S),
    )
    means: dict[int, float | None] = {}
    most: list[int] = []
    for row in rows:
        means[min(int(row["minute"]), TREND_MINUTES - 1)] = row["mean"]
        most += [] if row["most"] is None else [int(row["most"])]
    return History(tuple(means.get(minute) for minute in range(TREND_MINUTES)), max(most, default=None))


def _lines_today(db: sqlite3.Connection, names: Names, box_now_s: float) -> dict[str, tuple[int, int, int]]:
    start_s = period("day", today(box_now_s, names.timezone), names.timezone).start_s
    rows = db.execute(
        "SELECT line, sum(count_in), sum(count_out), sum(unknown) FROM line_minutes "
        "WHERE site = ? AND minute_s >= ? AND minute_s <= ? GROUP BY line",
        (names.site, start_s, box_now_s),
    )
    return {str(line): (count_in, count_out, unknown) for line, count_in, count_out, unknown in rows}


def _lines(db: sqlite3.Connection, names: Names, slow: Slow, now_s: float) -> tuple[LineRow, ...]:
    rows = {str(r["line"]): r for r in db.execute("SELECT * FROM lines WHERE site = ?", (names.site,))}
    out = []
    for line, name in _named(names.lines, rows):
        row, counts = rows.get(line), slow.lines.get(line)
        heard_s = None if row is None else heard(row["received_s"], now_s)
        how: Seen = "never" if row is None else seen(heard_s, PERIOD_S, STATE_EXPIRY_S)
        quality = "stale" if row is None else str(row["quality"])
        count_in, count_out, unknown = counts or (None, None, 0)
        out.append(LineRow(line, name, how, quality, count_in, count_out, bool(unknown)))
    return tuple(out)


def _card(db: sqlite3.Connection, row: sqlite3.Row, name: str, slow: Slow, *, now_s: float) -> QueueCard:
    heard_s = heard(row["received_s"], now_s)
    how = seen(heard_s, PERIOD_S, STATE_EXPIRY_S)
    now = how != "silent"
    history = slow.history.get(row["queue"], History())
    figures = ("length", "length_low", "length_high", "wait_s", "wait_low_s", "wait_high_s")
    told: dict[str, Any] = {f: row[f] if now and row["length"] is not None else None for f in figures}
    return QueueCard(
        queue=row["queue"],
        name=name,
        seen=how,
        heard_s=heard_s,
        **told,
        quality=row["quality"],
        state=row["state"],
        unknown_s=_unknown_s(db, row, now_s) if now and row["length"] is None else None,
        history=history.means,
        most=history.most,
        trend=trend_of(history.means) if how == "fresh" and row["length"] is not None else None,
    )


def _unknown_s(db: sqlite3.Connection, row: sqlite3.Row, now_s: float) -> float | None:
    box_now_s = now_s + _clock_ahead_s(row)
    last = db.execute(
        "SELECT at_s FROM readings WHERE site = ? AND queue = ? AND at_s >= ? AND length IS NOT NULL "
        "ORDER BY at_s DESC LIMIT 1",
        (row["site"], row["queue"], box_now_s - TREND_MINUTES * 60),
    ).fetchone()
    return None if last is None else max(0.0, box_now_s - last["at_s"])


def _camera(row: sqlite3.Row | None, camera: str, name: str, now_s: float) -> CameraRow:
    if row is None:
        return CameraRow(camera, name, "never")
    heard_s = heard(row["received_s"], now_s)
    age_s = row["age_s"]
    if age_s is not None and row["state"] != "ok" and heard_s is not None:
        age_s += heard_s
    same = ("state", "picture", "frames_in_per_s", "frames_out_per_s", "latency_s", "dropped", "restarts")
    return CameraRow(
        camera=camera,
        name=name,
        seen=seen(heard_s, HEALTH_PERIOD_S, 3 * HEALTH_PERIOD_S + TOLERANCE_S),
        heard_s=heard_s,
        picture_age_s=age_s,
        detail=row["detail"] or "",
        runtime=row["runtime"] or "",
        width=row["width"] or 0,
        height=row["height"] or 0,
        **{key: row[key] for key in same},
    )


def _boxes(db: sqlite3.Connection, site: str, now_s: float) -> tuple[BoxRow, ...]:
    rows = db.execute(
        "SELECT b.box, b.status, b.received_s, b.version, b.clock_unsynced, b.disk_failing, "
        "(SELECT coalesce(sum(missing), 0) FROM sources s WHERE s.box = b.box) AS missing "
        "FROM boxes b WHERE b.site = ? ORDER BY b.box",
        (site,),
    )
    return tuple(
        BoxRow(
            box=r["box"],
            status=r["status"],
            heard_s=heard(r["received_s"], now_s),
            version=r["version"] or "",
            missing=r["missing"],
            clock_unsynced=bool(r["clock_unsynced"]),
            disk_failing=bool(r["disk_failing"]),
        )
        for r in rows
    )
