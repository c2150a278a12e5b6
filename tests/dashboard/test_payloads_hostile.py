"""Messages of which one thing is wrong (fault F42): refused with a reason, or stored; nothing stops the collector."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.intake import Refused, judge
from dashboard.store import Store
from dashboard.work import Taken
from edge.messages import CameraHealth, QueueReading, RowBatch, utc
from tests.dashboard.box_rows import EPOCH, event, gap, line, minute, row, status
from tests.dashboard.conftest import NOW_S

READING = QueueReading(
    site="s", queue="q1", seq=1, pts_s=1.0, at=utc(NOW_S), length=3, length_low=2, length_high=4, quality="ok",
    state="serving", wait_s=60.0, wait_low_s=40.0, wait_high_s=90.0, wait_method="rate", arrivals_per_min=1.0,
    served_per_min=1.0, joined=5, served=2, left=0, lost=0,
)  # fmt: skip
HEALTH = CameraHealth(
    site="s", camera="c1", at=utc(NOW_S), state="ok", detail="", picture="ok", frames_in_per_s=25.0,
    frames_out_per_s=5.0, age_s=0.1, latency_s=None, dropped=0, restarts=0, runtime="", model_sha256="",
    width=640, height=360,
)  # fmt: skip
ROWS = RowBatch(
    site="s", box="b1", epoch=EPOCH, rows=(row(1, event(1, kind="served", wait_s=3.0)), row(2, minute(2)), gap(3, 5))
)
MESSAGES = {
    "queue/q1/state": READING, "line/door/state": line(1, 2), "camera/c1/health": HEALTH,
    "box/b1/status": status("online"), "box/b1/rows": ROWS,
}  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
    | st.sampled_from(["", "\0", "NaN", "1e999", 2**53 + 1, -1, 1e308, "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z",
                       "0001-01-01T00:00:00+23:59", "\ud800", "linewise", [], {}, [[]], {"": None}])
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be changed in a document."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from places(inner, (*path, key))


def changed(document: Any, path: tuple[Any, ...], value: Any, *, gone: bool) -> Any:
    """The document with one thing in another's place, or taken out."""
    at = document
    for key in path[:-1]:
        at = at[key]
    if gone:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


@pytest.fixture
def store(quick_path: Path) -> Iterator[Store]:
    """One store for all of them."""
    with closing(Store(quick_path / "store.sqlite3", "s", utc_s=lambda: NOW_S)) as opened:
        yield opened


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    leaf=st.sampled_from(sorted(MESSAGES)), chance=st.randoms(use_true_random=False), value=scalars,
    gone=st.booleans(), retained=st.booleans(),
)  # fmt: skip
def test_one_wrong_thing_stops_nothing(
    store: Store, *, leaf: str, chance: Any, value: Any, gone: bool, retained: bool
) -> None:
    """Any one thing of any message may be anything: the answer is a reason, or the store takes it and goes on."""
    document = json.loads(MESSAGES[leaf].to_json())
    path = chance.choice(list(places(document)))
    payload = json.dumps(changed(document, path, value, gone=gone)).encode()
    judged = judge("s", f"linewise/s/{leaf}", payload)
    if judged is None or isinstance(judged, Refused):
        assert judged is None or judged.reason
        return
    store.commit([Taken(judged, retained=retained, expiry_s=20)])
    good = READING.model_copy(update={"seq": 2})
    store.commit([Taken(good)])
