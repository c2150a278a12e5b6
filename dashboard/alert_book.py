"""Alerts from the events that told them: raised, still there, over."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

from dashboard.desk import Key
from dashboard.page import AlertRow

FORGOTTEN_S = 86_400.0  # an alert of which nothing was heard for so long is past, though nobody said that it is over
AT_MOST = 500


def read_alerts(db: sqlite3.Connection, site: str, from_s: float) -> tuple[AlertRow, ...]:
    """The alerts raised since `from_s` (the box's clock, seconds since 1970), newest first, at most AT_MOST.

    An alert that is raised again without having been over (the counter was restarted) ends where it is raised again.
    """
    rows = db.execute(
        "SELECT box, epoch, seq, queue, text, at_s FROM events WHERE site = ? AND kind = 'alert' AND at_s >= ? "
        "ORDER BY at_s DESC, seq DESC LIMIT ?",
        (site, from_s, 4 * AT_MOST),
    ).fetchall()
    running: dict[tuple[str, str, str], AlertRow] = {}
    told_s: dict[tuple[str, str, str], float] = {}
    past: list[AlertRow] = []
    newest_s = rows[0]["at_s"] if rows else 0.0
    for row in reversed(rows):
        text = str(row["text"] or "")
        condition = text.removeprefix("over: ").removeprefix("still: ")
        which, at_s = (row["box"], row["queue"], condition), float(row["at_s"])
        known = running.get(which)
        if text.startswith("over: "):
            if known is not None:
                past.append(replace(running.pop(which), ended_s=at_s))
            continue
        if text.startswith("still: ") and known is not None:
            told_s[which] = at_s
            continue
        if known is not None:
            past.append(replace(known, ended_s=at_s, ended_known=False))
        running[which] = AlertRow((row["box"], row["epoch"], row["seq"]), row["queue"], row["queue"], condition, at_s)
        told_s[which] = at_s
    for which, alert in running.items():
        forgotten = newest_s - told_s[which] > FORGOTTEN_S
        past.append(replace(alert, ended_s=told_s[which], ended_known=False) if forgotten else alert)
    return tuple(sorted(past, key=lambda a: -a.at_s)[:AT_MOST])


def told(
    alerts: tuple[AlertRow, ...], names: Mapping[str, str], seen: Mapping[Key, tuple[str, float]]
) -> tuple[AlertRow, ...]:
    """The alerts with queues' names and who has acknowledged them."""
    out = []
    for alert in alerts:
        who, seen_s = seen.get(alert.key, ("", None))
        out.append(replace(alert, name=names.get(alert.queue, alert.queue), seen_by=who, seen_s=seen_s))
    return tuple(out)


def open_ones(alerts: tuple[AlertRow, ...]) -> tuple[AlertRow, ...]:
    """Those that still hold, not acknowledged ones first."""
    return tuple(sorted((a for a in alerts if a.ended_s is None), key=lambda a: (bool(a.seen_by), -a.at_s)))
