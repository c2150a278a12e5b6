"""From the store's rows to notices in the spool: each once, whatever is restarted in between."""

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.alerts_out.follow import Receiver
from dashboard.alerts_out.notice import AlertNotice, alert_event
from dashboard.alerts_out.spool import Spool
from edge.errors import InputError
from tests.dashboard.alerts_out.conftest import NOW_S

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "webhook" / "AlertNotice.json"
OPS = "webhook:ops"


def kinds(spool: Spool, receiver: str = OPS) -> list[tuple[str, str]]:
    return [(one.notice.kind, one.notice.alert.rsplit(".", 1)[1]) for one in spool.waiting(receiver)]


def test_an_alert_is_followed_to_its_end(alert_store: Any, follow: Any, spool: Spool) -> None:
    """Opened, repeated and ended are three notices of one alert, in order, with words and times."""
    follower = follow()
    follower.look(NOW_S)
    alert_store.add("wait_s > 300", "still: wait_s > 300", "over: wait_s > 300")
    assert follower.look(NOW_S) == 3
    assert kinds(spool) == [("open", "1"), ("repeated", "1"), ("ended", "1")]
    last = spool.waiting(OPS)[-1].notice
    assert (last.condition, last.text, last.queue_name) == ("wait_s > 300", "wait over 5 min", "Till 1")
    assert last.since is not None
    assert (last.at - last.since).total_seconds() == 2.0


def test_what_was_before_is_not_told(alert_store: Any, follow: Any, spool: Spool) -> None:
    """A new spool begins with what comes after its first look, also where there was no store yet."""
    alert_store.add("wait_s > 300")
    follower = follow()
    follower.look(NOW_S)
    assert kinds(spool) == []
    alert_store.add("over: wait_s > 300", "length > 8")
    follower.look(NOW_S)
    assert kinds(spool) == [("ended", "2"), ("open", "3")]
    assert spool.waiting(OPS)[0].notice.since is None


def test_without_a_store_everything_later_is_told(
    quick_path: Path, spool: Spool, follow: Any, alert_store: Any
) -> None:
    """The first look finds no store; the first rows that ever come are told."""
    alert_store.path.rename(quick_path / "away")
    follower = follow()
    follower.look(NOW_S)
    (quick_path / "away").rename(alert_store.path)
    alert_store.add("wait_s > 300")
    follower.look(NOW_S)
    assert kinds(spool) == [("open", "1")]


def test_restarts_neither_repeat_nor_leave_out(alert_store: Any, follow: Any, spool: Spool) -> None:
    """A follower made anew after each row brings the same notices as one that lived through all of them."""
    follow().look(NOW_S)
    for text in ("wait_s > 300", "still: wait_s > 300", "over: wait_s > 300", "wait_s > 300"):
        alert_store.add(text)
        follow().look(NOW_S)
        follow().look(NOW_S)
    assert kinds(spool) == [("open", "1"), ("repeated", "1"), ("ended", "1"), ("open", "4")]


def test_a_box_with_a_new_epoch_is_followed_from_its_first_row(alert_store: Any, follow: Any, spool: Spool) -> None:
    """An outbox that was set aside begins a new epoch; its rows are told too."""
    follower = follow()
    follower.look(NOW_S)
    alert_store.add("wait_s > 300")
    alert_store.add("length > 8", epoch="fedcba9876543210")
    follower.look(NOW_S)
    assert [one.notice.condition for one in spool.waiting(OPS)] == ["wait_s > 300", "length > 8"]


def test_each_receiver_gets_what_it_asked_for(alert_store: Any, follow: Any, spool: Spool) -> None:
    """Queues and kinds are chosen by receiver."""
    follower = follow(Receiver(OPS, (), ("open",)), Receiver("email", ("till-2",), ("open", "ended")))
    follower.look(NOW_S)
    alert_store.add("wait_s > 300", "over: wait_s > 300")
    alert_store.add("length > 8", "still: length > 8", "over: length > 8", queue="till-2")
    follower.look(NOW_S)
    assert kinds(spool) == [("open", "1"), ("open", "3")]
    assert kinds(spool, "email") == [("open", "3"), ("ended", "3")]


def test_a_text_from_outside_is_one_short_line() -> None:
    """What came over MQTT has no line breaks and an end: it goes into a mail's subject."""
    event = alert_event(("b", "e", 1, "q", "over: wait\r\nBcc: all@example.com\n" + "x" * 900, 0.0))
    assert event.kind == "ended"
    assert event.condition.startswith("wait Bcc: all@example.com x")
    assert len(event.condition) == 200


@pytest.mark.slow
def test_a_spool_has_one_process(spool: Spool) -> None:
    """A second one is refused in words."""
    with pytest.raises(InputError, match="another `linewise alerts` runs"):
        Spool(spool.path, utc_s=NOW_S)


def test_a_broken_spool_is_set_aside(quick_path: Path) -> None:
    """A file that is no database does not keep alerts from being told."""
    path = quick_path / "alerts.sqlite3"
    path.write_bytes(b"nonsense" * 1000)
    Spool(path, utc_s=NOW_S).close()
    assert len(list(quick_path.glob("alerts.sqlite3.corrupt-*"))) == 1


def test_too_many_are_given_up_and_counted(
    alert_store: Any, follow: Any, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that never answers does not fill the disk: the oldest go, and the count says so."""
    monkeypatch.setattr("dashboard.alerts_out.spool.MOST_WAITING", 3)
    follower = follow()
    follower.look(NOW_S)
    alert_store.add(*["wait_s > 300", "over: wait_s > 300"] * 4)
    follower.look(NOW_S)
    assert [one.notice.id.rsplit(".", 1)[1] for one in spool.waiting(OPS)] == ["6", "7", "8"]
    assert spool.counts() == {(OPS, "given_up"): 5}


def test_documented_schema_is_the_models() -> None:
    """docs/schemas/webhook/AlertNotice.json is what the model says (written by running this file)."""
    assert SCHEMA.read_text("utf-8") == schema()


def schema() -> str:
    return json.dumps(AlertNotice.model_json_schema(mode="serialization"), indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA.parent.mkdir(exist_ok=True)
    SCHEMA.write_text(schema(), "utf-8")
