"""Every kind of store: exactly once by number, gaps counted, live things as they are now."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.intake import Refused
from dashboard.quarantine import MAX_ROWS
from dashboard.stores import AnyStore
from dashboard.work import MOST, Mark, Taken
from edge.errors import InputError
from edge.messages import CameraHealth, LineMinute, Row, utc
from edge.settings import StoreSettings
from edge.vocabulary import Quality
from tests.dashboard.box_rows import EPOCH, SOURCE, batch, event, gap, line, minute, row, status
from tests.dashboard.conftest import NOW_S, Clock, Kind


@pytest.fixture
def store(kind: Kind) -> Iterator[AnyStore]:
    """A new store of site s."""
    with closing(kind.open()) as opened:
        yield opened


def counts(kind: Kind) -> dict[str, int]:
    return {r["name"]: r["value"] for r in kind.rows("counts")}


def test_rows_are_stored_once(store: AnyStore, kind: Kind) -> None:
    """Rows sent twice are stored once, and the mark is that of the last."""
    assert store.commit([batch(row(1), row(2))]) == {SOURCE}
    assert store.commit([batch(row(1), row(2), row(3))]) == {SOURCE}
    assert store.mark(SOURCE) == Mark(3, 0)
    assert [r["seq"] for r in kind.rows("events")] == [1, 2, 3]
    assert counts(kind) == {"duplicates": 2}


def test_what_is_committed_survives_reopening(kind: Kind) -> None:
    """A store that is opened again goes on from its marks."""
    with closing(kind.open()) as first:
        first.commit([batch(row(1), row(2)), Taken(status("online"))])
    with closing(kind.open()) as second:
        assert second.mark(SOURCE) == Mark(2, 0)
        assert second.current_sources() == {SOURCE}
        second.commit([batch(row(2), row(3))])
        assert len(kind.rows("events")) == 3


def test_rows_out_of_order_wait_for_those_before(store: AnyStore, kind: Kind) -> None:
    """A batch that leaves rows out is not taken; the mark says from where to send."""
    store.commit([batch(row(1))])
    assert store.commit([batch(row(3), row(4))]) == {SOURCE}
    assert store.mark(SOURCE) == Mark(1, 0)
    assert len(kind.rows("events")) == 1
    assert counts(kind)["out_of_order"] == 1


def test_gap_notes_are_counted_and_passed(store: AnyStore, kind: Kind) -> None:
    """A gap note counts what it stands for, as far as it is not there already, and the rest goes on."""
    store.commit([batch(row(1), gap(2, 6), row(7))])
    assert store.mark(SOURCE) == Mark(7, 5)
    store.commit([batch(gap(2, 6)), batch(gap(5, 9))])
    assert store.mark(SOURCE) == Mark(9, 7)
    (source,) = kind.rows("sources")
    assert (source["seq"], source["missing"]) == (9, 7)


def test_another_epoch_is_another_source(store: AnyStore, kind: Kind) -> None:
    """The same numbers under another epoch are other rows."""
    store.commit([batch(row(1)), batch(row(1), epoch="ff" * 8)])
    assert len(kind.rows("events")) == 2


def test_bad_row_does_not_hold_the_others(store: AnyStore, kind: Kind) -> None:
    """A row whose body is wrong, or names another site, is quarantined; the mark passes it."""
    bad = Row(seq=2, kind="event", body={"nonsense": 1})
    foreign = row(3, event(3, site="other"))
    store.commit([batch(row(1), bad, foreign, row(4))])
    assert store.mark(SOURCE) == Mark(4, 0)
    assert [r["seq"] for r in kind.rows("events")] == [1, 4]
    reasons = [r["reason"] for r in kind.rows("quarantine")]
    assert reasons[0].startswith("row 2: ")
    assert reasons[1] == "row 3: its site is not the topic's"


def test_two_rows_of_one_minute_are_added(store: AnyStore, kind: Kind) -> None:
    """A counter that restarts within a minute leaves one minute in the store: sums, maxima and weighted means."""
    first = minute(readings=20, length_mean=1.0, length_max=2, wait_mean_s=None, wait_max_s=None)
    second = minute(readings=40, unknown=20, length_mean=4.0, joined=5, worst_quality="stale")
    store.commit([batch(row(1, first), row(2, second))])
    (stored,) = kind.rows("minutes")
    assert (stored["readings"], stored["unknown"], stored["joined"], stored["length_max"]) == (60, 20, 6, 4)
    assert stored["length_mean"] == pytest.approx(2.5)
    assert (stored["wait_mean_s"], stored["worst_quality"]) == (60.0, "stale")


def test_states_replace_and_readings_add_up(
    store: AnyStore, kind: Kind, make_reading: Callable[..., Any], clock: Clock
) -> None:
    """The state is the newest reading, every reading is kept once, and a day later none is left of it."""
    readings = [make_reading("s", n, utc_s=NOW_S + n, length=n) for n in range(3)]
    store.commit([Taken(r) for r in readings])
    store.commit([Taken(readings[-1])])
    (state,) = kind.rows("state")
    assert (state["seq"], state["length"], state["received_s"]) == (2, 2, NOW_S)
    assert [r["length"] for r in kind.rows("readings")] == [0, 1, 2]
    clock.now_s += 86_400 - 1
    assert store.prune() == 0
    clock.now_s += 2
    assert store.prune() == 3


def test_retained_state_is_as_old_as_it_is(store: AnyStore, kind: Kind, make_reading: Callable[..., Any]) -> None:
    """A state that the broker kept counts as received when the broker got it, and never replaces a newer one."""
    store.commit([Taken(make_reading("s", 5, utc_s=NOW_S), retained=True, expiry_s=18)])
    assert kind.rows("state")[0]["received_s"] == NOW_S - 12
    store.commit([Taken(make_reading("s", 4, utc_s=NOW_S - 1), retained=True, expiry_s=17)])
    assert kind.rows("state")[0]["seq"] == 5


def test_clock_set_back_does_not_stop_live_states(
    store: AnyStore, kind: Kind, make_reading: Callable[..., Any]
) -> None:
    """A live reading is taken even when the box's clock was set back by an hour."""
    store.commit([Taken(make_reading("s", 1, utc_s=NOW_S))])
    store.commit([Taken(make_reading("s", 2, utc_s=NOW_S - 3600))])
    assert kind.rows("state")[0]["seq"] == 2


def test_late_will_of_an_old_epoch_is_ignored(store: AnyStore, kind: Kind) -> None:
    """An offline of another epoch than the one that is online does not put the box offline; one of its own does."""
    store.commit([Taken(status("online"))])
    store.commit([Taken(status("offline", "ff" * 8, 1))])
    assert kind.rows("boxes")[0]["status"] == "online"
    store.commit([Taken(status("offline", EPOCH, 2))])
    assert kind.rows("boxes")[0]["status"] == "offline"
    assert store.commit([Taken(status("online", "ff" * 8, 3))]) == {("b1", "ff" * 8)}
    assert kind.rows("boxes")[0]["epoch"] == "ff" * 8


def test_what_was_known_does_not_look_fresh(store: AnyStore, kind: Kind, clock: Clock) -> None:
    """A retained status or health that is known already keeps the time at which it came first."""
    health = CameraHealth(
        site="s", camera="c1", at=utc(NOW_S), state="ok", detail="", picture="ok", frames_in_per_s=25.0,
        frames_out_per_s=5.0, age_s=0.1, latency_s=None, dropped=0, restarts=0, runtime="fake", model_sha256="",
        width=640, height=360,
    )  # fmt: skip
    store.commit([Taken(status("online")), Taken(health)])
    clock.now_s += 500
    store.commit([Taken(status("online"), retained=True), Taken(health, retained=True)])
    assert kind.rows("boxes")[0]["received_s"] == kind.rows("cameras")[0]["received_s"] == NOW_S


def test_quarantine_is_bounded(store: AnyStore, kind: Kind, clock: Clock) -> None:
    """Refused messages are counted, a hundred a minute are kept, a thousand in all, 2 kB of each."""
    for _ in range(15):
        store.commit([Taken(Refused("t" * 900, "why", b"x" * 5000))] * 300)
        clock.now_s += 61
    rows = kind.rows("quarantine")
    assert len(rows) == MAX_ROWS
    assert len(rows[0]["payload"]) == 2048
    assert counts(kind)["quarantined"] == 4500


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_and_repeated_batches_store_each_row_once(kind: Kind, seed: int) -> None:
    """Whatever is repeated, lost and reordered on the way, go-back-N ends with each row once and the right mark."""
    rng = random.Random(seed)
    with closing(kind.open()) as store:
        on_the_way: list[Taken] = []
        while store.mark(SOURCE).seq < 60:
            first = store.mark(SOURCE).seq + 1
            rows = [row(n, minute(n) if n % 5 == 0 else event(n)) for n in range(first, min(first + 9, 61))]
            on_the_way += [batch(*rows[: rng.randrange(1, 10)]) for _ in range(rng.randrange(1, 3))]
            rng.shuffle(on_the_way)
            store.commit([on_the_way[i] for i in range(len(on_the_way)) if rng.random() < 0.7])
        assert len(kind.rows("events")) == 48
        assert [m["readings"] for m in kind.rows("minutes")] == [60] * 12


def test_a_line_is_as_it_is_now(store: AnyStore, kind: Kind, clock: Clock) -> None:
    """The last reading of a line stands, with its age; an older retained one does not come in its place."""
    store.commit([Taken(line(1, 5)), Taken(line(2, 6))])
    store.commit([Taken(line(1, 5), retained=True, expiry_s=20)])
    (now,) = kind.rows("lines")
    assert (now["line"], now["count_in"], now["count_out"], now["received_s"]) == ("door", 6, 1, clock.now_s)
    store.commit([Taken(line(9, 7), retained=True, expiry_s=20)])
    (now,) = kind.rows("lines")
    assert (now["count_in"], now["received_s"]) == (7, clock.now_s - 10)


def test_a_lines_minutes_are_stored_once_and_added_up(store: AnyStore, kind: Kind) -> None:
    """Rows of a counter that restarted within the minute are one; a row that comes twice is counted once."""

    def part(count_in: int, worst: Quality) -> LineMinute:
        return LineMinute(
            site="s", line="door", minute=utc(NOW_S), readings=30, unknown=2, count_in=count_in, count_out=1,
            worst_quality=worst,
        )  # fmt: skip

    store.commit([batch(row(1, part(4, "ok")), row(2, part(5, "stale")), row(3, minute()))])
    store.commit([batch(row(1, part(4, "ok")), row(2, part(5, "stale")), row(3, minute()))])
    (stored,) = kind.rows("line_minutes")
    assert stored == {
        "site": "s", "box": "b1", "line": "door", "minute_s": NOW_S, "readings": 60, "unknown": 4, "count_in": 9,
        "count_out": 2, "worst_quality": "stale",
    }  # fmt: skip
    assert len(kind.rows("minutes")) == 1
    assert not kind.rows("quarantine")


def test_second_collector_is_refused(kind: Kind) -> None:
    """A second writer on the same store is refused in words while the first lives, and let in afterwards."""
    with closing(kind.open()), pytest.raises(InputError, match="another collector writes"):
        kind.open()
    kind.open().close()


def test_a_figure_that_nobody_has_seen_is_refused(store: AnyStore, kind: Kind) -> None:
    """Figures whose sums would be no numbers any more are quarantined; the rows after them are stored."""
    poison = [
        event(1, kind="served", wait_s=-1.7e308, told_s=1.7e308),
        event(2, kind="served", wait_s=1.7e308, told_s=-1.7e308),
    ]
    store.commit(
        [batch(row(1, poison[0]), row(2, poison[1]), row(3, minute(joined=2**53)), row(4, minute(joined=int(MOST))))]
    )
    assert store.mark(SOURCE) == Mark(4, 0)
    assert [r["reason"].split(":")[0] for r in kind.rows("quarantine")] == ["row 1", "row 2", "row 3"]
    (hour,) = kind.rows("hours")
    assert (hour["joined"], hour["told"]) == (int(MOST), 0)


def test_nul_and_every_other_sign_are_stored(store: AnyStore, kind: Kind, make_reading: Callable[..., Any]) -> None:
    """Text is stored whatever is in it; a NUL, which PostgreSQL's texts cannot hold, at least stops nothing."""
    text = '\0 \'); DROP TABLE events; -- \u2028 \U0001f600 \x7f \\ "left" :rows $1 ?'
    store.commit([Taken(make_reading("s", wait_method=text)), batch(row(1, event(1, text=text)))])
    store.commit([Taken(Refused("linewise/s/" + text, text, b"\x00\xff\\x"))])
    told = text.replace("\0", "\ufffd") if kind.name == "postgres" else text
    assert kind.rows("events")[0]["text"] == kind.rows("state")[0]["wait_method"] == told
    (refused,) = kind.rows("quarantine")
    assert (refused["reason"], refused["payload"]) == (told, b"\x00\xff\\x")


figures = st.floats(allow_nan=False, allow_infinity=False) | st.none()
counted = st.integers(0, 2**53)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(figures, figures, figures, st.text(max_size=9), counted), max_size=6))
def test_no_row_stops_the_store(store: AnyStore, kind: Kind, found: list[tuple[Any, ...]]) -> None:
    """Whatever figures and words a row has, it is stored or refused, and the mark passes it."""
    first = store.mark(SOURCE).seq + 1
    rows = [
        row(first + n, event(n, kind="served", wait_s=wait_s, told_s=told_s, told_high_s=high_s, text=text))
        if n % 2
        else row(first + n, minute(n, wait_mean_s=wait_s, length_mean=told_s, joined=joined))
        for n, (wait_s, told_s, high_s, text, joined) in enumerate(found)
    ]
    store.commit([batch(*rows)])
    assert store.mark(SOURCE).seq == first - 1 + len(rows)


def test_old_rows_go(kind: Kind, clock: Clock) -> None:
    """Minutes and visits go after their days, readings after theirs, hours stay; a clock that jumps deletes nothing."""
    keep = StoreSettings(seconds_days=1, minutes_days=3)
    with closing(kind.open(keep=keep)) as store:
        old, new = utc(NOW_S - 5 * 86_400), utc(NOW_S)
        store.commit([batch(row(1, minute(minute=old)), row(2, event(2, at=old)), row(3, minute(minute=new)), row(4))])
        clock.now_s += 3000 * 86_400
        store.prune()
        assert [len(kind.rows(name)) for name in ("minutes", "events", "hours")] == [1, 1, 2]
        assert store.prune() == 0
