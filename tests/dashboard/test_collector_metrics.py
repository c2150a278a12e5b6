"""What Prometheus is told by the collector and by the sender of alerts."""

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.core import Metric
from sqlite_utils import Database

from dashboard.alerts_out.figures import families
from dashboard.alerts_out.spool import Spool, Taken
from dashboard.collector_metrics import CollectorMetrics
from dashboard.page import Names
from tests.dashboard.alerts_out.conftest import a_notice
from tests.dashboard.fill import SITE, every_kind

NOW_S = 1_780_000_020.0
NAMES = Names(site=SITE, queues=(("till-1", "Till 1"), ("new", "New")), cameras=(("tills", "Tills"),))


class Counted:
    """In the place of a collector."""

    stored, let_go, connected = 120, 3, True

    def __init__(self) -> None:
        self.commits_s = deque([0.01, 0.02, 0.9])


def samples(told: Iterable[Metric]) -> dict[str, float]:
    """Sample -> value."""
    found = [s for family in told for s in family.samples]
    return {f"{s.name}{{{','.join(map(str, s.labels.values()))}}}": s.value for s in found}


@pytest.fixture
def store(quick_path: Path) -> Path:
    """Queues, cameras and a box with twelve missing rows; counts of what was refused."""
    path = quick_path / "store.sqlite3"
    every_kind(path, now_s=NOW_S)
    db = Database(path)
    db.table("counts").insert_all([{"name": "quarantined", "value": 9}, {"name": "duplicates", "value": 4}])
    db.close()
    return path


def test_the_collector_and_its_store(store: Path) -> None:
    """What was stored and let go, refused, double and missing; queues and cameras as the pages show them."""
    told = samples(CollectorMetrics(Counted(), store, NAMES, utc_s=lambda: NOW_S).families())
    expected = {
        "linewise_collector_messages_stored_total{}": 120.0, "linewise_collector_messages_dropped_total{}": 3.0,
        "linewise_collector_broker_connected{}": 1.0, "linewise_store_commit_seconds{0.99}": 0.9,
        "linewise_store_quarantined_total{}": 9.0, "linewise_store_duplicates_total{}": 4.0,
        "linewise_store_out_of_order_total{}": 0.0, "linewise_store_rows_missing_total{box-1}": 12.0,
        "linewise_site_camera_ok{tills}": 1.0, "linewise_site_camera_ok{entrance}": 0.0,
        "linewise_site_box_online{box-1}": 1.0,
    }  # fmt: skip
    assert {name: told.get(name) for name in expected} == expected
    assert told["linewise_site_queue_length{till-1}"] > 0
    unknown = [f"linewise_site_queue_{what}{{{q}}}" for what in ("length", "wait_seconds") for q in ("till-4", "new")]
    assert [name for name in unknown if name in told] == []
    assert told["linewise_store_bytes{sqlite3}"] > 4096


def test_without_a_store_the_collector_still_tells_of_itself(tmp_path: Path, caplog: Any) -> None:
    """A store that can't be read is told in the log; the collector's own figures are there."""
    told = samples(CollectorMetrics(Counted(), tmp_path / "none.sqlite3", NAMES, utc_s=lambda: NOW_S).families())
    assert told["linewise_collector_messages_stored_total{}"] == 120.0
    assert not [name for name in told if name.startswith("linewise_site")]
    assert "can't be read" in caplog.text


def test_the_sender_of_alerts(quick_path: Path) -> None:
    """By receiver: what waits and for how long, and what was sent, failed, given up and acknowledged."""
    spool = Spool(quick_path / "alerts.sqlite3", utc_s=NOW_S)
    spool.take(Taken({}, {}, [("webhook:ops", a_notice(1)), ("webhook:ops", a_notice(2))]), NOW_S - 60)
    spool.done("webhook:ops", [spool.waiting("webhook:ops")[0].number], "sent")
    spool.failed("webhook:ops")
    told = samples(families(spool, ["webhook:ops", "email"], lambda: NOW_S))
    spool.close()
    assert told["linewise_alerts_waiting{webhook:ops}"] == 1.0
    assert told["linewise_alerts_oldest_age_seconds{webhook:ops}"] == 60.0
    assert (told["linewise_alerts_sent_total{webhook:ops}"], told["linewise_alerts_failed_total{webhook:ops}"]) == (
        1,
        1,
    )
    assert (told["linewise_alerts_waiting{email}"], told["linewise_alerts_given_up_total{email}"]) == (0.0, 0.0)
    assert "linewise_alerts_oldest_age_seconds{email}" not in told
