"""SQL of migration m005: hours from the minutes and visits that a store has, frozen as it was released."""

from dashboard.light_sqlite import Database

_KNOWN = "max(readings - unknown, 1)"
_ORDER = ("ok", "warming", "degraded", "moved", "frozen", "blind", "stale", "config")
_RANK = " ".join(f"WHEN '{word}' THEN {rank}" for rank, word in enumerate(_ORDER))
_WORD = " ".join(f"WHEN {rank} THEN '{word}'" for rank, word in enumerate(_ORDER))

_HOURS = f"""
INSERT INTO hours (site, box, queue, hour_s, readings, unknown, length_sum, length_readings, length_max, wait_sum_s,
    wait_readings, wait_max_s, joined, served, "left", lost, worst_quality, waits)
SELECT site, box, queue, CAST(minute_s / 3600 AS INTEGER) * 3600.0 AS hour_s, sum(readings), sum(unknown),
    sum(coalesce(length_mean, 0) * {_KNOWN}), sum(CASE WHEN length_mean IS NULL THEN 0 ELSE {_KNOWN} END),
    max(length_max),
    sum(coalesce(wait_mean_s, 0) * {_KNOWN}), sum(CASE WHEN wait_mean_s IS NULL THEN 0 ELSE {_KNOWN} END),
    max(wait_max_s), sum(joined), sum(served), sum("left"), sum(lost),
    CASE max(CASE worst_quality {_RANK} ELSE 0 END) {_WORD} END, '{{}}'
FROM minutes GROUP BY site, box, queue, hour_s
"""  # noqa: S608
_BIN = """CASE WHEN wait_s < 1800 THEN CAST(max(wait_s, 0) / 30 AS INTEGER) * 30
    ELSE CAST(wait_s / 300 AS INTEGER) * 300 END"""
_WAITS = f"""
INSERT INTO hours (site, box, queue, hour_s, readings, unknown, length_sum, length_readings, wait_sum_s,
    wait_readings, joined, served, "left", lost, worst_quality, waits)
SELECT site, box, queue, hour_s, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'ok', json_group_object(bin, n) FROM (
    SELECT site, box, queue, CAST(at_s / 3600 AS INTEGER) * 3600.0 AS hour_s, {_BIN} AS bin, count(*) AS n
    FROM events WHERE kind = 'served' AND wait_s IS NOT NULL GROUP BY site, box, queue, hour_s, bin)
GROUP BY site, box, queue, hour_s
ON CONFLICT (site, box, queue, hour_s) DO UPDATE SET waits = excluded.waits
"""  # noqa: S608
_LINE_HOURS = """
INSERT INTO line_hours (site, box, line, hour_s, readings, unknown, count_in, count_out)
SELECT site, box, line, CAST(minute_s / 3600 AS INTEGER) * 3600.0 AS hour_s, sum(readings), sum(unknown),
    sum(count_in), sum(count_out)
FROM line_minutes GROUP BY site, box, line, hour_s
"""


def fill_hours(db: Database) -> None:
    """Fills `hours` and `line_hours`."""
    for statement in (_HOURS, _WAITS, _LINE_HOURS):
        db.execute(statement)
