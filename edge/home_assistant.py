"""Home Assistant's MQTT discovery: each queue, camera, counting line and the box as a device with its entities.

One retained message an entity (`homeassistant/COMPONENT/linewise-SITE-BOX/OBJECT/config`), which every version of Home
Assistant takes; they name the topics that the box publishes anyway. What is not known is "None", which Home Assistant
shows as unknown. An entity is unavailable when its box is offline, and a camera's figures when the camera is not well.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from edge.live_board import Publication
from edge.messages import (
    STATE_EXPIRY_S,
    CameraHealth,
    box_topic,
    camera_health_topic,
    line_state_topic,
    queue_alerts_topic,
    queue_state_topic,
)
from edge.settings import Site
from edge.vocabulary import PictureState, Quality, ServiceState

PREFIX = "homeassistant"
BIRTH_TOPIC = f"{PREFIX}/status"  # Home Assistant says "online" there when it has started
CAMERA_STATES = get_args(CameraHealth.model_fields["state"].annotation)
PEOPLE = {"unit_of_measurement": "people", "state_class": "measurement", "icon": "mdi:human-queue"}
SECONDS = {"unit_of_measurement": "s", "device_class": "duration", "state_class": "measurement"}
RATE = {"unit_of_measurement": "1/s", "state_class": "measurement"}
_ONLINE_IF = "{{{{ 'online' if {} else 'offline' }}}}"
DIAGNOSTIC = {"entity_category": "diagnostic"}


@dataclass(frozen=True)
class _Device:
    """What Home Assistant shows as one thing: `path` names it within the site, such as queue/till-1."""

    site: Site
    path: str
    name: str
    model: str
    version: str

    @property
    def root(self) -> str:
        """Begins every id of this box."""
        return f"linewise/{self.site.id}/{self.site.box}"

    def about(self) -> dict[str, Any]:
        """The device part of a message."""
        told: dict[str, Any] = {
            "identifiers": [f"{self.root}/{self.path}"],
            "name": self.name,
            "manufacturer": "Linewise",
            "model": self.model,
            "sw_version": self.version,
        }
        return told if self.path == "box" else told | {"via_device": f"{self.root}/box"}


def discovery(site: Site, version: str) -> dict[str, bytes]:
    """Topic -> payload of everything that a box tells Home Assistant."""
    found: dict[str, bytes] = {}
    for device, component, field, entity in _entities(site, version):
        told = {
            **entity,
            "unique_id": f"{device.root}/{device.path}/{field}",
            "device": device.about(),
            "origin": {"name": "Linewise", "sw_version": version},
        }
        topic = f"{PREFIX}/{component}/{node_of(site)}/{device.path.replace('/', '-')}-{field.replace('_', '')}/config"
        found[topic] = json.dumps(told, ensure_ascii=False).encode()
    return found


def node_of(site: Site) -> str:
    """The part of a discovery topic that is this box's own."""
    return f"linewise-{site.id}-{site.box}"


Entity = tuple[_Device, str, str, dict[str, Any]]


def _entities(site: Site, version: str) -> Iterator[Entity]:
    box = _Device(site, "box", f"Linewise {site.name}", "Box", version)
    status = box_topic(site.id, site.box, "status")
    online = {"state_topic": status, "value_template": _on("value_json.status == 'online'")}
    yield box, "binary_sensor", "online", {"name": "Online", "device_class": "connectivity", **DIAGNOSTIC, **online}
    alive = {"topic": status, "value_template": "{{ value_json.status }}"}  # online, offline: as it is by default
    alerts = {alert.queue_id for alert in site.alerts}
    for queue in site.queues:
        device = _Device(site, f"queue/{queue.id}", queue.name, "Queue", version)
        yield from _queue(device, queue.id, alive, with_alerts=queue.id in alerts)
    for line in site.lines:
        device = _Device(site, f"line/{line.id}", f"Line {line.id}", "Counting line", version)
        yield from _line(device, line.id, alive)
    for camera in site.cameras:
        device = _Device(site, f"camera/{camera.id}", f"Camera {camera.name}", "Camera", version)
        yield from _camera(device, camera.id, alive)


def _queue(device: _Device, queue: str, alive: dict[str, str], *, with_alerts: bool) -> Iterator[Entity]:
    live = {"expire_after": STATE_EXPIRY_S, "availability": [alive]}
    state = {"state_topic": queue_state_topic(device.site.id, queue), **live}
    yield device, "sensor", "length", {"name": "Length", **PEOPLE, **state, "value_template": _value("length")}
    for field, name in (("wait_s", "Wait"), ("wait_low_s", "Wait at least"), ("wait_high_s", "Wait at most")):
        more = {"icon": "mdi:timer-sand", "suggested_display_precision": 0, "value_template": _value(field)}
        yield device, "sensor", field, {"name": name, **SECONDS, **state, **more}
    words = {"device_class": "enum", **state}
    # A word can't be unknown (older versions show "None"): nobody knows what a service does that nobody sees.
    seen = {"topic": state["state_topic"], "value_template": _ONLINE_IF.format("value_json.length is not none")}
    yield device, "sensor", "state", {
        "name": "Service", **words, "options": list(get_args(ServiceState)), "value_template": _value("state"),
        "availability": [alive, seen], "availability_mode": "all",
    }  # fmt: skip
    yield device, "sensor", "quality", {
        "name": "Quality", **words, **DIAGNOSTIC, "options": list(get_args(Quality)),
        "value_template": _value("quality"),
    }  # fmt: skip
    if with_alerts:
        topic = queue_alerts_topic(device.site.id, queue)
        told = {"state_topic": topic, "json_attributes_topic": topic, "value_template": _on("value_json.open")}
        yield device, "binary_sensor", "alert", {"name": "Alert", "device_class": "problem", **told, **live}


def _line(device: _Device, line: str, alive: dict[str, str]) -> Iterator[Entity]:
    state = {"state_topic": line_state_topic(device.site.id, line), "expire_after": STATE_EXPIRY_S}
    total = {"unit_of_measurement": "people", "state_class": "total_increasing", "availability": [alive], **state}
    for field, name in (("count_in", "In"), ("count_out", "Out")):
        yield device, "sensor", field, {"name": name, **total, "value_template": _value(field)}


def _camera(device: _Device, camera: str, alive: dict[str, str]) -> Iterator[Entity]:
    topic = camera_health_topic(device.site.id, camera)
    told = {"state_topic": topic, "availability": [alive], **DIAGNOSTIC}
    well = _on("value_json.state == 'ok'")
    yield device, "binary_sensor", "ok", {
        "name": "Connected", "device_class": "connectivity", **told, "value_template": well,
    }  # fmt: skip
    yield device, "sensor", "state", {
        "name": "State", "device_class": "enum", **told, "options": list(CAMERA_STATES),
        "value_template": _value("state"),
    }  # fmt: skip
    itself = {"topic": topic, "value_template": _ONLINE_IF.format("value_json.state == 'ok'")}
    seen = {**told, "availability": [alive, itself], "availability_mode": "all"}
    yield device, "sensor", "picture", {
        "name": "Picture", "device_class": "enum", **seen, "options": list(get_args(PictureState)),
        "value_template": _value("picture"),
    }  # fmt: skip
    figures = (
        ("frames_in_per_s", "Pictures in", RATE),
        ("frames_out_per_s", "Pictures looked at", RATE),
        ("age_s", "Age of the last picture", SECONDS),
        ("latency_s", "Latency", SECONDS),
    )
    for field, name, unit in figures:
        yield device, "sensor", field, {"name": name, **unit, **seen, "value_template": _value(field)}


def _value(field: str) -> str:
    return f"{{{{ value_json.{field} }}}}"  # null becomes "None", which Home Assistant takes for unknown


def _on(condition: str) -> str:
    return f"{{{{ 'ON' if {condition} else 'OFF' }}}}"


class Announcer:
    """What the publisher has to say to Home Assistant, and when: on connecting, on its birth, and what is gone."""

    def __init__(self, site: Site, configs: Mapping[str, bytes]) -> None:
        """`configs` as of `discovery`; empty: everything that was ever said is taken back."""
        self._configs = configs
        self._root = f"linewise/{site.id}/{site.box}/"
        self._own = f"{PREFIX}/+/{node_of(site)}/+/config"
        self._due = False
        self._gone: set[str] = set()

    def begin(self) -> list[str]:
        """A new connection; topics to subscribe: the birth, and what this box has said before."""
        self._due = True
        return [BIRTH_TOPIC, self._own]

    def hear(self, topic: str, payload: bytes) -> None:
        """Takes in a message; what this box said of a queue that is no longer in its site file is taken back."""
        if topic == BIRTH_TOPIC:
            self._due = self._due or payload == b"online"
        elif payload and topic not in self._configs and self._is_ours(payload):
            self._gone.add(topic)

    def _is_ours(self, payload: bytes) -> bool:
        try:
            told = json.loads(payload)
        except ValueError:
            return False
        return isinstance(told, dict) and str(told.get("unique_id", "")).startswith(self._root)

    def due(self) -> list[Publication]:
        """What is to be published now."""
        out = [Publication(topic, b"", 1) for topic in sorted(self._gone)]
        if self._due:
            out += [Publication(topic, payload, 1) for topic, payload in self._configs.items()]
        self._gone.clear()
        self._due = False
        return out
