"""What `linewise diagnose` finds out about a running site: everything that can be wrong, the worst first."""

import platform
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from edge.clock import plausible, synchronised
from edge.messages import utc
from edge.settings import Site
from linewise.check_box import disk_line
from linewise.check_reach import broker_lines, run_together
from linewise.check_report import CheckLine
from linewise.diagnose_parts import (
    Process,
    as_line,
    environment_of_part,
    journal,
    part_lines,
    running,
    unit_lines,
    units,
)
from linewise.diagnose_state import State, camera_lines, outbox_lines, read_state, store_lines
from linewise.mqtt_address import mqtt_of

PACKAGES = (
    "numpy", "av", "openvino", "onnxruntime", "tensorrt", "paho-mqtt", "iotcore", "pydantic", "streamlit",
)  # fmt: skip
BROKER_S = 12.0
NEWEST = 12  # entries of the log that a page has room for
SEVERITY = {"fault": 0, "warning": 1, "ok": 2}


@dataclass(frozen=True)
class Diagnosis:
    """One look at a site.

    Attributes:
        title: what was looked at, when.
        lines: findings, faults first, then warnings.
        errors: the newest warnings and errors of the parts' log.
        state, processes, units: what the findings were made of.
        versions: name -> version.
    """

    title: str
    lines: tuple[CheckLine, ...]
    errors: tuple[str, ...]
    state: State
    processes: tuple[Process, ...]
    units: dict[str, dict[str, str]]
    versions: dict[str, str]

    @property
    def ok(self) -> bool:
        """No fault; warnings are allowed."""
        return all(line.level != "fault" for line in self.lines)

    def __str__(self) -> str:
        counted = {level: sum(line.level == level for line in self.lines) for level in SEVERITY}
        log = ["", "last warnings and errors:", *(self.errors or ("none in systemd's journal",))]
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        verdict = f"{counted['fault']} faults, {counted['warning']} warnings, {counted['ok']} ok"
        return "\n".join([self.title, "", *map(str, self.lines), *log, "", versions, verdict])


def diagnose(site: Site, folder: Path) -> Diagnosis:
    """Looks at everything; takes a few seconds.

    Args:
        site: the loaded site file.
        folder: the site's state folder (the units': /var/lib/linewise/SITE).
    """
    now_utc_s = time.time()
    processes, told, state = running(site.path), units(), read_state(site, folder)
    mqtt = mqtt_of(site, environment_of_part(processes, "counter"))  # `linewise up` tells its own broker's port so
    lines = [
        *part_lines(site, processes),
        *unit_lines(told),
        *camera_lines(site, state, now_utc_s),
        *store_lines(site, state, now_utc_s),
        *outbox_lines(folder, state, now_utc_s),
        *run_together([("broker", lambda: broker_lines(mqtt))], limit_s=BROKER_S),
        *clock_lines(state, now_utc_s),
        *box_lines(site, state),
    ]
    return Diagnosis(
        title=f"Linewise on box {site.box}, site {site.id} ({site.name}), {utc(now_utc_s):%Y-%m-%d %H:%M:%S} UTC",
        lines=tuple(sorted(lines, key=lambda line: SEVERITY[line.level])),
        errors=tuple(as_line(entry) for entry in journal(priority="warning", lines=NEWEST)),
        state=state,
        processes=tuple(processes),
        units=told,
        versions=versions(),
    )


def clock_lines(state: State, now_utc_s: float) -> Iterator[CheckLine]:
    """Is the wall clock right, and has it stayed so?"""
    if not plausible(now_utc_s):
        yield CheckLine(
            "fault", "clock", f"it says {utc(now_utc_s):%Y-%m-%d}", "timedatectl set-ntp true; a time server"
        )
        return
    kept = synchronised()
    if kept is False:
        yield CheckLine("warning", "clock", "no time service keeps it", "timedatectl set-ntp true; timedatectl status")
    elif kept is None:
        yield CheckLine("warning", "clock", "the kernel does not tell whether a time service keeps it")
    else:
        yield CheckLine("ok", "clock", "kept by a time service")
    if steps := state.counter.get("clock_steps", 0):
        yield CheckLine("warning", "clock", f"set {steps} times since the counter started", "rows' times jump with it")


def box_lines(site: Site, state: State) -> Iterator[CheckLine]:
    """Disk, and whether the parts run what this command is."""
    yield disk_line(site.id)
    mine = versions()["linewise"]
    for box in state.store.get("boxes", []):
        text = f"{box['status']}, version {box['version']}"
        if box["box"] == site.box and box["version"] != mine:
            yield CheckLine(
                "warning", f"box {box['box']}", f"{text}; this command is {mine}", "restart linewise.target"
            )
        elif box["box"] == site.box and box["config_sha256"] != site.config_sha256:
            remedy = "linewise install, or restart, for the file to be used"
            yield CheckLine("warning", f"box {box['box']}", f"{text}; runs an older site file", remedy)
        else:
            yield CheckLine("ok" if box["status"] == "online" else "fault", f"box {box['box']}", text)


def versions() -> dict[str, str]:
    """Of Linewise, Python, the system and what the parts are made of."""
    found = {
        "linewise": metadata.version("linewise"),
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "sqlite": sqlite3.sqlite_version,
    }
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
