"""Minutes of readings."""

from collections.abc import Callable

from edge.messages import LineReading, QueueReading, utc
from edge.minutes import LineMinuteBook, MinuteBook

MINUTE_S = 1_780_000_020.0  # a whole minute


def test_minute_is_summed_up(make_reading: Callable[..., QueueReading]) -> None:
    """A minute's row has the mean and maximum of what was known, counts what was not, and the worst quality."""
    book = MinuteBook()
    for n in range(60):
        known = n < 40
        reading = make_reading(
            "s", n, utc_s=MINUTE_S + n, length=n % 4 if known else None, wait_s=float(n) if known else None,
            quality="ok" if known else "stale", joined=n, served=n // 2, left=0, lost=0,
        )  # fmt: skip
        assert book.add(reading) == []
    (row,) = book.add(make_reading("s", 60, utc_s=MINUTE_S + 60, joined=61))
    assert row.minute == utc(MINUTE_S)
    assert (row.readings, row.unknown, row.length_mean, row.length_max) == (60, 20, 1.5, 3)
    assert (row.wait_mean_s, row.wait_max_s, row.worst_quality) == (19.5, 39.0, "stale")
    assert (row.joined, row.served) == (59, 29)


def test_minutes_add_up_to_the_totals(make_reading: Callable[..., QueueReading]) -> None:
    """What joined in all minutes together is the counter's total, the cut-off last minute included."""
    book = MinuteBook()
    rows = []
    for n in range(150):
        rows += book.add(make_reading("s", n, utc_s=MINUTE_S + n, joined=3 * n))
    rows += book.close()
    assert [r.readings for r in rows] == [60, 60, 30]
    assert sum(r.joined for r in rows) == 3 * 149
    assert book.close() == []


def test_queues_do_not_mix(make_reading: Callable[..., QueueReading]) -> None:
    """Each queue has its own minute and totals."""
    book = MinuteBook()
    for queue, joined in (("q1", 5), ("q2", 7)):
        book.add(make_reading("s", 1, utc_s=MINUTE_S, queue=queue, joined=joined))
    assert {r.queue: r.joined for r in book.close()} == {"q1": 5, "q2": 7}


def test_clock_set_back_makes_another_row(make_reading: Callable[..., QueueReading]) -> None:
    """When the wall clock goes back an hour the minute is closed and nothing is counted twice."""
    book = MinuteBook()
    book.add(make_reading("s", 1, utc_s=MINUTE_S, joined=4))
    (first,) = book.add(make_reading("s", 2, utc_s=MINUTE_S - 3600, joined=6))
    (second,) = book.close()
    assert (first.joined, second.joined) == (4, 2)
    assert second.minute == utc(MINUTE_S - 3600)


def test_a_lines_minutes_add_up() -> None:
    """Each line's rows together are its totals; seconds without pictures are counted, and the worst is told."""
    book, rows = LineMinuteBook(), []
    for n in range(150):
        for line, pace in (("door", 2), ("gate", 1)):
            rows += book.add(
                LineReading(
                    site="s", line=line, pts_s=float(n), at=utc(MINUTE_S + n),
                    quality="stale" if 70 <= n < 80 else "ok", count_in=pace * n, count_out=n // 50,
                )
            )  # fmt: skip
    rows += book.close()
    door = [r for r in rows if r.line == "door"]
    assert [(r.minute, r.readings, r.unknown) for r in door] == [
        (utc(MINUTE_S), 60, 0), (utc(MINUTE_S + 60), 60, 10), (utc(MINUTE_S + 120), 30, 0),
    ]  # fmt: skip
    assert [r.count_in for r in door] == [118, 120, 60]
    assert [r.worst_quality for r in door] == ["ok", "stale", "ok"]
    assert [r.count_out for r in rows if r.line == "gate"] == [1, 1, 0]
    assert book.close() == []
