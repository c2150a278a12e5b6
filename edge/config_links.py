"""What one table of a site file says about another, and the Site that is made of them all."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import config_geometry as geometry
from edge.config_acceptance import build_bounds
from edge.config_database import check_database, store_settings
from edge.config_faults import FaultList, nearest
from edge.config_geometry import WrongValueError
from edge.config_keys import defaults
from edge.config_out import build_email, build_webhook, check_ports, check_receivers
from edge.config_source import Source, parse_broker
from edge.settings import (
    ApiSettings,
    CameraSettings,
    DashboardSettings,
    DisplaySettings,
    FloorSettings,
    MetricsSettings,
    MqttSettings,
    PrivacySettings,
    Site,
    TrackerSettings,
)
from edge.vocabulary import AlertSettings, LaneSettings, LineSettings, QueueSettings

if TYPE_CHECKING:
    from edge.config import Table

Found = dict[str, list["Table"]]


def check_links(found: Found, faults: FaultList, folder: Path, *, broker_files: bool, camera_files: bool) -> None:
    """Notes ids that are used twice, ids that nothing has, lanes that cannot work, and half a broker."""
    for name in ("camera", "queue", "line", "webhook"):
        _unique(found[name], faults)
    cameras = _ids(found["camera"])
    for camera in found["camera"]:
        _loop(camera, faults)
        _scores(camera, faults)
        _certificate(camera, faults, folder if camera_files else None)
    for queue in found["queue"]:
        lanes = queue.inner.get("lane", [])
        if not lanes and "lane" not in queue.raw:
            faults.add((*queue.path, "lane"), "missing; a queue has one [[queue.lane]] or more below it")
        for lane in lanes:
            _known(lane, "camera", cameras, faults)
            _service(lane, faults)
    for table, key, ids in (("line", "camera", cameras), ("alert", "queue", _ids(found["queue"]))):
        for one in found[table]:
            _known(one, key, ids, faults)
    for mqtt in found["mqtt"]:
        _broker(mqtt, faults, folder, broker_files)
    check_database(found["store"], faults)
    for dashboard in found["dashboard"]:
        _login(dashboard, faults)
    check_receivers([*found["webhook"], *found["email"]], faults, _ids(found["queue"]), folder)
    check_ports([*found["display"], *found["metrics"], *found["api"]], faults)


def _ids(tables: list["Table"]) -> list[str]:
    return [table.values["id"] for table in tables if "id" in table.values]


def _loop(camera: "Table", faults: FaultList) -> None:
    source = camera.values.get("source")
    if camera.values.get("loop") and isinstance(source, Source) and source.kind not in ("file", "unread"):
        faults.add((*camera.path, "loop"), "only a file can be played again; leave loop out", True)


def _certificate(camera: "Table", faults: FaultList, folder: Path | None) -> None:
    """`folder` None: a missing file is no fault."""
    source, file = camera.values.get("source"), camera.values.get("ca_file")
    if isinstance(source, Source) and source.kind != "unread" and not re.match("(?i)(rtsps|https)://", source.value):
        for key in {"certificate", "ca_file"} & camera.raw.keys():
            faults.add((*camera.path, key), "needs an encrypted source; write rtsps:// or https://", camera.raw[key])
    elif file is not None and camera.values.get("certificate") == "any":
        faults.add(
            (*camera.path, "ca_file"), 'nobody looks at it with certificate = "any"; leave one of them out', file
        )
    elif file is not None and folder is not None and not (folder / file).is_file():
        faults.add((*camera.path, "ca_file"), f"there is no file {folder / file}", file)


def _scores(camera: "Table", faults: FaultList) -> None:
    for tracker in camera.inner.get("tracker", []):
        birth, keep = (tracker.values.get(key) for key in ("birth_score", "keep_score"))
        if birth is not None and keep is not None and keep > birth:
            message = f"greater than birth_score = {birth:g}; allowed: at most that"
            faults.add((*tracker.path, "keep_score"), message, keep)


def _login(dashboard: "Table", faults: FaultList) -> None:
    path = (*dashboard.path, "login")
    login, file = dashboard.values.get("login"), dashboard.values.get("oidc_file")
    if login == "oidc" and file is None and "oidc_file" not in dashboard.raw:
        faults.add(path, "needs oidc_file beside it: a TOML file with [auth]", login)
    if login == "none" and (dashboard.values.get("viewers") or dashboard.values.get("installers")):
        faults.add(
            path, 'nobody is known without a login; write login = "proxy" or "oidc", or leave the names out', login
        )


def _unique(tables: list["Table"], faults: FaultList) -> None:
    seen: dict[str, Table] = {}
    for table in tables:
        name = table.values.get("id")
        if name in seen:
            line = faults.positions.line((*seen[name].path, "id"))
            faults.add((*table.path, "id"), f"used twice, first in line {line}; ids differ", name)
        elif name is not None:
            seen[name] = table


def _known(table: "Table", key: str, ids: list[str], faults: FaultList) -> None:
    name = table.values.get(key)
    if name is not None and name not in ids:
        faults.add((*table.path, key), f"no [[{key}]] has this id; {nearest(name, ids)}", table.raw[key])


def _service(lane: "Table", faults: FaultList) -> None:
    area, line = lane.values.get("area"), lane.values.get("service_line")
    if "service_line" in lane.raw and "service_area" in lane.raw:
        faults.add(
            (*lane.path, "service_area"), "a lane has a service_line or a service_area, not both; take one of them out"
        )
    if area is None or line is None:
        return
    distance = geometry.border_distance(area, *line)
    if distance > geometry.TOUCH:
        where = "inside the area" if geometry.contains(area, line[0]) else "outside the area"
        faults.add(
            (*lane.path, "service_line"),
            f"nobody can leave the area across it: it lies {where}, {distance:.2f} of the picture from its border; "
            f"allowed: at most {geometry.TOUCH}; put it on the side where people are served",
            lane.raw["service_line"],
        )


def _broker(mqtt: "Table", faults: FaultList, folder: Path, files: bool) -> None:
    values, path = mqtt.values, mqtt.path
    tls = True
    if values.get("url") is not None:
        try:
            tls = parse_broker(values["url"]).tls
        except WrongValueError as error:
            allowed = 'allowed: "mqtt://HOST[:1883]" or "mqtts://HOST[:8883]"'
            faults.add((*path, "url"), f"{error}; {allowed}", mqtt.raw["url"])
    for key in ("ca_file", "cert_file", "key_file"):
        if values.get(key) is None:
            continue
        if not tls:
            faults.add((*path, key), "needs an encrypted connection; write mqtts:// in url", mqtt.raw[key])
        elif files and not (folder / values[key]).is_file():
            faults.add((*path, key), f"there is no file {folder / values[key]}", mqtt.raw[key])
    for key, other in (("cert_file", "key_file"), ("key_file", "cert_file"), ("password", "username")):
        if key in mqtt.raw and other not in mqtt.raw:
            faults.add((*path, key), f"needs {other} beside it", mqtt.raw[key])


def build_site(found: Found, *, path: Path, sha256: str, box: str) -> Site:
    """The Site of tables without faults; `box` is used where the file names none."""
    site = found["site"][0].values
    detector = _values(found, "detector")
    return Site(
        id=site["id"],
        name=site["name"] or site["id"],
        timezone=site["timezone"],
        box=site["box"] or box,
        path=path,
        config_sha256=sha256,
        cameras=tuple(_camera(table, path.parent) for table in found["camera"]),
        queues=tuple(_queue(table) for table in found["queue"]),
        lines=tuple(LineSettings(t.values["id"], t.values["camera"], t.values["points"]) for t in found["line"]),
        alerts=tuple(_alert(table) for table in found["alert"]),
        mqtt=next(_mqtt(found, path.parent), None),
        detector_model=str(path.parent / detector["model"]) if "/" in detector["model"] else detector["model"],
        detector_runtime=detector["runtime"],
        detector_threads=detector["threads"],
        store=store_settings(_values(found, "store"), path.parent),
        dashboard=_dashboard(_values(found, "dashboard"), path.parent),
        display=DisplaySettings(**found["display"][0].values) if found["display"] else None,
        webhooks=tuple(build_webhook(t.values, path.parent) for t in found["webhook"] if _complete(t)),
        email=next((build_email(t.values, path.parent) for t in found["email"] if _complete(t)), None),
        metrics=MetricsSettings(**found["metrics"][0].values) if found["metrics"] else None,
        acceptance=build_bounds(_values(found, "acceptance"), [(t.values["id"], _own(t)) for t in found["queue"]]),
        privacy=PrivacySettings(**_values(found, "privacy")),
        api=ApiSettings(**found["api"][0].values) if found["api"] else None,
    )


def _complete(table: "Table") -> bool:
    """Is every ${NAME} in it set? (Where one isn't, nobody asked for it.)"""
    return all(table.values[key] is not None for key in table.raw)


def _values(found: Found, table: str) -> dict[str, Any]:
    """What a table says that may be left out."""
    return found[table][0].values if found[table] else defaults(table)


def _own(queue: "Table") -> dict[str, Any]:
    return next((inner.values for inner in queue.inner.get("acceptance", [])), {})


def _dashboard(values: dict[str, Any], folder: Path) -> DashboardSettings:
    paths = {key: str(folder / values[key]) for key in ("oidc_file", "reports") if values[key] is not None}
    return DashboardSettings(**{**values, **paths})


def _camera(table: "Table", folder: Path) -> CameraSettings:
    values, source = table.values, table.values["source"]
    floor = [FloorSettings(inner.values["image"], inner.values["metres"]) for inner in table.inner.get("floor", [])]
    return CameraSettings(
        id=values["id"],
        name=values["name"] or values["id"],
        source=source.value,
        source_shown=source.shown,
        detect_fps=values["detect_fps"],
        mask=values["mask"],
        floor=floor[0] if floor else None,
        loop=values["loop"],
        certificate=values["certificate"],
        ca_file=None if values["ca_file"] is None else str(folder / values["ca_file"]),
        tracker=next((TrackerSettings(**t.values) for t in table.inner.get("tracker", [])), TrackerSettings()),
    )


def _queue(table: "Table") -> QueueSettings:
    values = table.values
    lanes = tuple(_lane(lane.values) for lane in table.inner["lane"])
    return QueueSettings(
        values["id"], values["name"] or values["id"], values["servers"], values["count_served"], lanes, values["room"]
    )


def _lane(values: dict[str, Any]) -> LaneSettings:
    return LaneSettings(
        camera_id=values["camera"],
        area=values["area"],
        service_line=values["service_line"],
        service_area=values["service_area"],
        staff_area=values["staff_area"],
        min_stay_s=values["min_stay_s"],
        hold_s=values["hold_s"],
        min_service_s=values["min_service_s"],
    )


def _alert(table: "Table") -> AlertSettings:
    field, op, value, text = table.values["when"]
    values = table.values
    when = {key: values[key] for key in ("repeat_s", "between", "weekdays")}
    return AlertSettings(values["queue"], field, op, value, values["for_s"], text, **when)


def _mqtt(found: Found, folder: Path) -> Iterator[MqttSettings]:
    for table in found["mqtt"]:
        values = table.values
        if values["url"] is None:  # its ${NAME} is unset and nobody asked for the broker
            continue
        broker = parse_broker(values["url"])
        files = {key: str(folder / values[key]) for key in ("ca_file", "cert_file", "key_file") if values[key]}
        yield MqttSettings(
            host=broker.host,
            port=broker.port,
            tls=broker.tls,
            username=values["username"],
            password=values["password"],
            home_assistant=values["home_assistant"],
            **files,
        )
