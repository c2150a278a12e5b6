"""[privacy] min_people: rows on people leave the box by so many, or not at all; what they sum up to stays right."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from dashboard.accuracy import WaitErrors, wait_errors
from dashboard.store import Store
from edge.messages import QueueEvent, utc
from edge.privacy import HELD_S, Crowd
from tests.dashboard.box_rows import batch, row

WALL_S = 1_780_000_000.0


def event(at_s: float, kind: str = "served", queue: str = "q1", **figures: float | str) -> QueueEvent:
    """Something that happened `at_s` seconds after the start."""
    return QueueEvent(site="s", queue=queue, kind=kind, pts_s=at_s, at=utc(WALL_S + at_s), **figures)  # type: ignore[arg-type]


def test_left_out_everything_is_told_at_once_as_it_is() -> None:
    """Without the option nothing changes, not even the order."""
    events = [event(1.234, wait_s=61.7), event(1.234, "joined"), event(1.5, "alert", text="x")]
    assert Crowd(0).told(events, 2.0) == events
    assert Crowd(1).told(events, 2.0) == events


def test_three_go_out_together_with_one_time_and_durations_to_five_seconds() -> None:
    """Nothing until the third was served; then nobody can say which of the rows is whose."""
    crowd = Crowd(3)
    first, second, third = (
        event(t, wait_s=w, stay_s=w + 9.4, told_s=w - 3.3) for t, w in ((10, 187.2), (50, 61.0), (93, 122.9))
    )
    assert crowd.told([first], 10.0) == []
    assert crowd.told([second], 50.0) == []
    told = crowd.told([third], 93.0)
    assert {(e.pts_s, e.at) for e in told} == {(90.0, utc(WALL_S + 90.0))}
    assert sorted(e.wait_s for e in told if e.wait_s) == [60.0, 125.0, 185.0]
    assert sorted(e.told_s for e in told if e.told_s) == [60.0, 120.0, 185.0]
    assert told == Crowd(3).told([third, first, second], 93.0)  # their order tells nothing of who came first
    assert crowd.told([first], 94.0) == []


def test_kinds_and_queues_are_groups_of_their_own() -> None:
    """One person served among two who left would be found by a receipt: each kind needs enough; alerts wait not."""
    crowd = Crowd(2)
    assert crowd.told([event(1, "left"), event(2), event(3, queue="q2"), event(4, "joined")], 5.0) == []
    alert = event(6, "alert", text="wait_s > 300")
    assert crowd.told([alert], 6.0) == [alert]
    assert [(e.queue, e.kind) for e in crowd.told([event(7, "left")], 7.0)] == [("q1", "left")] * 2


def test_who_is_alone_for_an_hour_is_never_told() -> None:
    """Two of an hour ago do not make three with one of now, and what is held at the end stays on the box."""
    crowd = Crowd(3)
    assert crowd.told([event(0), event(9)], 10.0) == []
    assert crowd.told([event(HELD_S + 20)], HELD_S + 20) == []
    assert crowd.withheld == 2
    crowd.end()
    assert crowd.withheld == 3
    assert crowd.told([event(HELD_S + 30), event(HELD_S + 31)], HELD_S + 32) == []


def errors_of(events: list[QueueEvent], file: Path) -> WaitErrors:
    """What a store says of the day's told waits, of these rows."""
    with closing(Store(file, "s", utc_s=lambda: WALL_S + 86400.0)) as store:
        store.commit([batch(*(row(seq, event) for seq, event in enumerate(events, start=1)))])
        found = wait_errors(store._db.conn, "s", "q1", WALL_S - 3600.0, WALL_S + 86400.0)
    assert found is not None
    return found


def test_a_days_own_errors_stay_right(tmp_path: Path) -> None:
    """The store finds a day's told waits, but for those withheld, and the same errors to a second."""
    rng = np.random.default_rng(4)
    times_s = np.cumsum(rng.exponential(150.0, 200))
    visits = [
        event(float(at_s), wait_s=float(wait_s), told_s=float(wait_s + error_s), told_low_s=1.0, told_high_s=9999.0)
        for at_s, wait_s, error_s in zip(times_s, rng.gamma(3.0, 60.0, 200), rng.normal(-9.0, 40.0, 200), strict=True)
    ]
    crowd = Crowd(3)
    told = [e for visit in visits for e in crowd.told([visit], visit.pts_s)]
    plain, held = errors_of(visits, tmp_path / "plain.sqlite3"), errors_of(told, tmp_path / "held.sqlite3")
    crowd.end()
    print(f"\none by one {plain}, by threes {held}, withheld {crowd.withheld}")
    assert (plain.n, held.n + crowd.withheld) == (200, 200)
    assert crowd.withheld < 3
    assert held.mae_s == pytest.approx(plain.mae_s, abs=1.0)
    assert held.bias_s == pytest.approx(plain.bias_s, abs=1.0)
    assert held.coverage == plain.coverage
