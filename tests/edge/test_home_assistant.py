"""What Home Assistant is told: by its documented schema, with templates that tell the truth, taken back when gone."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined
from jsonschema import Draft202012Validator

from edge.home_assistant import BIRTH_TOPIC, Announcer, discovery
from edge.messages import BoxStatus, CameraHealth, LineReading, OpenAlert, QueueAlerts, QueueReading, utc
from edge.settings import CameraSettings, Site
from edge.vocabulary import AlertSettings, LineSettings

SCHEMA = json.loads((Path(__file__).parent / "home_assistant_schema.json").read_text("utf-8"))
TOPIC = re.compile(r"homeassistant/(sensor|binary_sensor)/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/config")


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """Two queues, one with an alert, a camera and a line."""
    camera = CameraSettings("c1", "Tills", "test://", "test://")
    alert = AlertSettings("q1", "wait_s", ">", 300.0, 60.0, "wait_s > 300")
    line = LineSettings("door", "c1", ((0.0, 0.5), (1.0, 0.5)))
    return replace(make_site("canteen", queues=("q1", "q-2")), cameras=(camera,), alerts=(alert,), lines=(line,))


@pytest.fixture
def told(site: Site) -> dict[str, Any]:
    """Unique id without its beginning -> the entity's message."""
    found = [json.loads(payload) for payload in discovery(site, "1.2").values()]
    return {one["unique_id"].removeprefix("linewise/canteen/b1/"): one for one in found}


def health(state: str = "ok", **changes: object) -> CameraHealth:
    figures: dict[str, object] = {
        "site": "canteen", "camera": "c1", "at": utc(1e9), "state": state, "detail": "", "picture": "ok",
        "frames_in_per_s": 25.0, "frames_out_per_s": 5.0, "age_s": 0.1, "latency_s": None, "dropped": 0, "restarts": 0,
        "runtime": "fake", "model_sha256": "", "width": 640, "height": 360,
    }  # fmt: skip
    return CameraHealth.model_validate({**figures, **changes})


def rendered(template: str, message: Any) -> str:
    """What a template makes of a message, as Home Assistant renders it."""
    values = {"value_json": json.loads(message.to_json())}
    return Environment(undefined=StrictUndefined, autoescape=False).from_string(template).render(values)  # noqa: S701


def test_every_message_is_by_the_schema(site: Site) -> None:
    """Keys, units, classes and topics are those that Home Assistant documents."""
    validator = Draft202012Validator(SCHEMA)
    configs = discovery(site, "1.2")
    assert len(configs) == 1 + 2 * 6 + 1 + 2 + 7
    for topic, payload in configs.items():
        assert TOPIC.fullmatch(topic), topic
        faults = [f"{topic}: {fault.message}" for fault in validator.iter_errors(json.loads(payload))]
        assert not faults, faults


def test_ids_are_unique_and_devices_hang_together(told: dict[str, Any], site: Site) -> None:
    """No two entities share an id; every device but the box itself is reached by the box."""
    assert len(told) == len(discovery(site, "1.2"))
    devices = {one["device"]["identifiers"][0]: one["device"].get("via_device") for one in told.values()}
    assert devices.pop("linewise/canteen/b1/box") is None
    assert set(devices.values()) == {"linewise/canteen/b1/box"}
    assert {name.rsplit("b1/", 1)[1] for name in devices} == {"queue/q1", "queue/q-2", "camera/c1", "line/door"}


def test_what_is_known_is_shown(told: dict[str, Any], make_reading: Callable[..., QueueReading]) -> None:
    """Length, waits, service and quality of a reading."""
    reading = make_reading("canteen", 1)
    shown = {key: rendered(told[f"queue/q1/{key}"]["value_template"], reading) for key in ("length", "wait_s", "state")}
    assert shown == {"length": "3", "wait_s": "60.0", "state": "serving"}
    assert told["queue/q1/length"]["state_topic"] == "linewise/canteen/queue/q1/state"
    assert told["queue/q1/length"]["expire_after"] == 30


def test_what_is_not_known_is_unknown(told: dict[str, Any], make_reading: Callable[..., QueueReading]) -> None:
    """A null is "None", which Home Assistant takes for unknown, never 0; what nobody sees has no service either."""
    blind = make_reading("canteen", 1, length=None, wait_s=None, quality="blind", state="idle")
    assert [rendered(told[f"queue/q1/{key}"]["value_template"], blind) for key in ("length", "wait_s")] == ["None"] * 2
    service = told["queue/q1/state"]
    availability = [rendered(a["value_template"], blind) for a in service["availability"] if "queue" in a["topic"]]
    assert (availability, service["availability_mode"]) == (["offline"], "all")
    assert rendered(told["queue/q1/quality"]["value_template"], blind) == "blind"


def test_options_are_all_words_there_are(told: dict[str, Any]) -> None:
    """A word that is not among an enum's options is an error in Home Assistant."""
    schema = QueueReading.model_json_schema()["properties"]
    assert set(told["queue/q1/state"]["options"]) == set(schema["state"]["enum"])
    assert set(told["queue/q1/quality"]["options"]) == set(schema["quality"]["enum"])
    camera = CameraHealth.model_json_schema()["properties"]
    assert set(told["camera/c1/state"]["options"]) == set(camera["state"]["enum"])
    assert set(told["camera/c1/picture"]["options"]) == set(camera["picture"]["enum"])


def test_a_camera_is_available_when_box_and_camera_say_so(told: dict[str, Any]) -> None:
    """Its figures want both; whether it is connected is told as long as the box is there."""
    figure = told["camera/c1/frames_in_per_s"]
    box, camera = figure["availability"]
    status = BoxStatus(site="canteen", box="b1", at=utc(0), status="offline", version="1", config_sha256="", epoch="")
    assert (box["topic"], rendered(box["value_template"], status)) == ("linewise/canteen/box/b1/status", "offline")
    states = {s: rendered(camera["value_template"], health(s)) for s in ("ok", "lost", "starting")}
    assert states == {"ok": "online", "lost": "offline", "starting": "offline"}
    assert figure["availability_mode"] == "all"
    connected = told["camera/c1/ok"]
    assert len(connected["availability"]) == 1
    assert [rendered(connected["value_template"], health(s)) for s in ("ok", "lost")] == ["ON", "OFF"]


def test_the_box_and_its_alerts(told: dict[str, Any]) -> None:
    """The box is on while it says so; an alert is on while one is open, and only queues with alerts have one."""
    status = BoxStatus(site="canteen", box="b1", at=utc(0), status="online", version="1", config_sha256="", epoch="")
    assert rendered(told["box/online"]["value_template"], status) == "ON"
    assert "availability" not in told["box/online"]
    none = QueueAlerts(site="canteen", queue="q1", at=utc(0), open=())
    one = QueueAlerts(site="canteen", queue="q1", at=utc(0), open=(OpenAlert(condition="wait_s > 300", since=utc(0)),))
    assert [rendered(told["queue/q1/alert"]["value_template"], m) for m in (none, one)] == ["OFF", "ON"]
    assert "queue/q-2/alert" not in told


def test_lines(told: dict[str, Any]) -> None:
    """Crossings are totals that begin anew with the counter."""
    line = LineReading(site="canteen", line="door", pts_s=0.0, at=utc(0), quality="ok", count_in=7, count_out=2)
    assert [rendered(told[f"line/door/{k}"]["value_template"], line) for k in ("count_in", "count_out")] == ["7", "2"]
    assert told["line/door/count_in"]["state_class"] == "total_increasing"


def test_said_on_connecting_and_on_the_birth(site: Site) -> None:
    """Everything once on each connection, and again when Home Assistant says that it has started."""
    configs = discovery(site, "1.2")
    announcer = Announcer(site, configs)
    assert announcer.due() == []
    assert BIRTH_TOPIC in announcer.begin()
    assert {one.topic: one.payload for one in announcer.due()} == configs
    announcer.hear(BIRTH_TOPIC, b"offline")
    assert announcer.due() == []
    announcer.hear(BIRTH_TOPIC, b"online")
    assert len(announcer.due()) == len(configs)


def test_a_queue_that_is_gone_is_taken_back(site: Site) -> None:
    """What this box once said and no longer says is emptied; what others said, and what is no discovery, is left."""
    before = discovery(site, "1.2")
    now = discovery(replace(site, queues=site.queues[:1]), "1.2")
    announcer = Announcer(site, now)
    announcer.begin()
    announcer.due()
    for topic, payload in before.items():
        announcer.hear(topic, payload)
    stranger = json.dumps({"unique_id": "linewise/canteen/b11/queue/q9/length"}).encode()
    announcer.hear("homeassistant/sensor/linewise-canteen-b1/x/config", stranger)
    announcer.hear("homeassistant/sensor/linewise-canteen-b1/y/config", b"not json")
    announcer.hear("homeassistant/sensor/linewise-canteen-b1/z/config", b"[1]")
    gone = announcer.due()
    assert {one.topic for one in gone} == set(before) - set(now)
    assert len(gone) == 6
    assert {one.payload for one in gone} == {b""}


def test_turned_off_everything_is_taken_back(site: Site) -> None:
    """An announcer with nothing to say empties all that the box has said."""
    announcer = Announcer(site, {})
    announcer.begin()
    for topic, payload in discovery(site, "1.2").items():
        announcer.hear(topic, payload)
    assert {one.topic for one in announcer.due()} == set(discovery(site, "1.2"))
