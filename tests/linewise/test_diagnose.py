"""`linewise diagnose`: one page that tells what is wrong, and a file for support without a secret."""

import json
import os
import sqlite3
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from dashboard.store import Store
from edge.config import load_site
from edge.outbox import Outbox
from edge.paths import counter_word, outbox_path, store_path
from linewise import diagnose_command
from linewise.check_report import CheckLine
from linewise.cli import app
from linewise.diagnose_parts import Process, duration, listens, part_lines, running, unit_lines
from linewise.diagnose_secrets import Masker, secrets_of
from linewise.diagnose_state import State, camera_lines, outbox_lines, store_lines

CANARY = "S3CR3T-canary"
TOKEN = "K3fT9sLq0PzX1vB2"  # a path that is the password, as UniFi's cameras have
PLANTED = {  # each place has its own, so that a failure tells which one leaked
    "site": f"{CANARY}-site", "url": f"{CANARY}-url@/#", "env": f"{CANARY}-env", "unit": f"{CANARY}-unit",
    "mqtt": f"{CANARY}-mqtt", "hook": f"{CANARY}-hook", "mail": f"{CANARY}-mail", "sign": f"{CANARY}-sign-0123456789",
    "db": f"{CANARY}-db", "other": f"{CANARY}-other", "comment": f"{CANARY}-comment",
}  # fmt: skip
SITE = f"""
# the old password was {PLANTED["comment"]}
[site]
id = "canteen"
name = "Canteen"
timezone = "UTC"
box = "b1"

[mqtt]
url = "mqtt://127.0.0.1:1"
username = "box-1"
password = "{PLANTED["site"]}"

[[webhook]]
id = "phone"
url = "https://127.0.0.1:1/services/T00/{PLANTED["hook"]}?v=1"
secret = "{PLANTED["sign"]}"

[email]
server = "smtps://127.0.0.1:1"
from = "box@example.org"
to = ["a@example.org"]
username = "box"
password = "{PLANTED["mail"]}"

[store]
url = "postgresql://chain:{PLANTED["db"]}@127.0.0.1:1/chain"

[[camera]]
id = "tills"
source = "rtsp://viewer:S3CR3T-canary-url%40%2F%23@127.0.0.1:1/stream?user=a&password={PLANTED["site"]}"

[[camera]]
id = "door"
source = "rtsp://viewer:${{CAM_PASSWORD}}@127.0.0.1:1/{TOKEN}"

[[queue]]
id = "till-1"
name = "Till 1"

[[queue.lane]]
camera = "tills"
area = [[0.1, 0.3], [0.9, 0.3], [0.9, 0.9], [0.1, 0.9]]
service_line = [[0.1, 0.3], [0.9, 0.3]]
"""
UTTERED = [  # what a careless program or a stranger may have logged
    f"could not open rtsp://viewer:{PLANTED['url']}@10.0.0.11/stream",
    f"could not open rtsp://viewer:{PLANTED['env']}@10.0.0.11/stream",
    f"MQTT refused user=box-1 password={PLANTED['mqtt']}",
    f"Authorization: Basic {CANARY}Zm9vOmJhcg==",
    f'payload {{"token": "{PLANTED["other"]}"}}',
    f"http://camera/cgi?usr=admin&pwd={PLANTED['other']}",
    f"unit says {PLANTED['unit']}",
    f"DESCRIBE /{TOKEN} failed; rtsp://10.0.0.9:7447/{TOKEN[::-1]} too",
    f"POST /services/T00/{PLANTED['hook']}?v=1 failed, signed with {PLANTED['sign']}",
    f"AUTH LOGIN failed for box with {PLANTED['mail']}",
    f"connection to postgresql://chain:{PLANTED['db']}@127.0.0.1:1/chain failed",
    f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
]


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`box(*options)`: diagnose on a box whose site file, environment, log, store and units hold planted passwords."""
    site = tmp_path / "site.toml"
    site.write_text(SITE)
    state = tmp_path / "state/canteen"
    state.mkdir(parents=True)
    monkeypatch.setenv("LINEWISE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("CAM_PASSWORD", PLANTED["env"])
    environment = tmp_path / "environment"
    environment.write_text(f"# units\nSOMETHING={PLANTED['unit']}\n")
    monkeypatch.setattr(diagnose_command, "ENVIRONMENT", environment)
    programs(tmp_path, monkeypatch)
    with closing(Store(store_path(state), "canteen", utc_s=time.time)):
        pass
    with closing(sqlite3.connect(store_path(state))) as db:
        db.executemany(
            "INSERT INTO quarantine (received_s, topic, reason, payload) VALUES (?, 'linewise/x', ?, ?)",
            [(time.time(), text, text) for text in UTTERED],
        )
        db.commit()
    closing(Outbox(outbox_path(state))).thing.close()
    counter_word(state).write_text(json.dumps(word(detail=UTTERED[0])))
    (state / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0 a picture")
    return lambda *options: CliRunner().invoke(app, ["diagnose", str(site), *options])


def word(**changes: object) -> dict[str, object]:
    """The counter's word of a moment ago, all well."""
    well = {
        "at_utc_s": time.time(), "epoch": "0" * 16, "pending": 3, "acked": 10, "dropped": 0, "dead": 0,
        "commit_p50_s": 0.001, "commit_p99_s": 0.004, "rejected": 0, "clock_steps": 0, "clock_synchronised": True,
    }  # fmt: skip
    return {**well, **changes}


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs journalctl and systemctl that say what is planted."""
    folder = folder / "bin"
    folder.mkdir()
    entries = [{"MESSAGE": t, "PRIORITY": "4", "_SYSTEMD_UNIT": "linewise-counter.service"} for t in UTTERED]
    (folder / "journal").write_text("\n".join(map(json.dumps, entries)))
    (folder / "units").write_text(f"Id=linewise-counter.service\nActiveState=failed\nResult={UTTERED[2]}\n")
    for name, file in (("journalctl", "journal"), ("systemctl", "units")):
        (folder / name).write_text(f"#!/bin/sh\ncat {folder}/{file}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_no_planted_secret_leaves_the_box(box: Callable[..., Result], tmp_path: Path) -> None:
    """Passwords planted in site file, environment, addresses, log, MQTT and units are neither on the page nor in it."""
    file = tmp_path / "support.zip"
    result = box("--zip", str(file))
    assert CANARY not in result.output
    assert "canary" not in result.output
    assert TOKEN not in result.output
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            text = archive.read(name)
            assert b"canary" not in text, (name, text[max(0, text.find(b"canary") - 80) :][:200])
            assert TOKEN.encode() not in text, name
            assert TOKEN[::-1].encode() not in text, name
            assert b"\xff\xd8\xff" not in text
        assert "picture.jpg" in archive.read("files.txt").decode()  # its name, to be asked about
        assert json.loads(archive.read("site.json"))["site"]["id"] == "canteen"
        assert "rtsp://10.0.0.9:7447/***" in archive.read("journal.txt").decode()
        assert "box-1" in archive.read("journal.txt").decode()  # what is no secret can be read


def test_the_page_says_what_is_wrong_and_what_to_do(box: Callable[..., Result]) -> None:
    """A box on which nothing runs: exit code 1, the faults first, each with a remedy, the log below them."""
    result = box()
    assert result.exit_code == 1, result.output
    lines = result.output.splitlines()
    found = [line for line in lines if line.startswith(("fault", "warning", "ok"))]
    assert [line.split()[0] for line in found] == sorted(
        (line.split()[0] for line in found), key="fault warning ok".find
    )
    for expected in (
        "parts: nothing of this site runs here",
        "linewise-counter.service: failed",
        "camera tills: has never told",
        "broker: 127.0.0.1:1 refuses",
        "last warnings and errors:",
    ):
        assert expected in result.output
    assert sum(line.startswith("        -> ") for line in lines) >= 4


def test_a_place_that_cannot_be_written_is_told(box: Callable[..., Result]) -> None:
    """--zip into a folder that is not there is an error in words, with exit code 2 by its class."""
    result = box("--zip", "/nowhere/x.zip")
    assert "cannot be written" in str(result.exception)


@given(secret=st.text(min_size=4, max_size=30).filter(lambda s: s.strip() and "*" not in s))
def test_any_password_is_masked(secret: str) -> None:
    """A password of any characters that stands in the environment is masked in text, JSON and addresses."""
    masker = Masker(secrets_of('source = "rtsp://u:${CAM}@h/"', {"CAM": secret}))
    assert secret not in masker.text(f"said {secret} aloud")
    assert secret not in json.loads(masker.text(json.dumps({"detail": f"<{secret}>"}))).get("detail", "")


@pytest.mark.parametrize(
    "text",
    [
        "3 queues, 2 cameras, quality ok",
        "camera tills: rtsp://10.0.0.11/stream is back",
        "told 12 s ago; /var/lib/linewise/canteen/outbox.sqlite3",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    """What is no secret can still be read."""
    assert Masker(secrets_of("", {"HOME": "/root"})).text(text) == text


def test_a_short_password_does_not_black_out_the_page() -> None:
    """The password "1" is masked where it stands alone, and 2021 stays 2021."""
    assert Masker(["1"]).text("pin 1 of 2021") == "pin *** of 2021"


def test_running_parts_are_found_by_the_kernel(tmp_path: Path) -> None:
    """A part is known by its command line and its site file; a part of another site is not taken for it."""
    site = tmp_path / "site.toml"
    site.touch()
    fake_process(tmp_path, 41, ["python", "-m", "linewise", "camera", str(site), "tills"])
    fake_process(
        tmp_path, 42, ["/opt/linewise/.venv/bin/python", "/opt/linewise/.venv/bin/linewise", "counter", str(site)]
    )
    fake_process(tmp_path, 43, ["python", "-m", "linewise", "counter", "/another/site.toml"])
    fake_process(tmp_path, 44, ["linewise", "diagnose", str(site)])
    (tmp_path / "proc/uptime").write_text("100.0 1.0\n")
    found = running(site, tmp_path / "proc")
    assert [(p.name, p.pid) for p in found] == [("camera@tills", 41), ("counter", 42)]
    assert found[0].age_s == pytest.approx(100.0 - 5000 / os.sysconf("SC_CLK_TCK"))


def fake_process(folder: Path, pid: int, words: list[str]) -> None:
    """What /proc tells of a process."""
    place = folder / "proc" / str(pid)
    place.mkdir(parents=True)
    (place / "cmdline").write_bytes("".join(f"{word}\0" for word in words).encode())
    (place / "stat").write_text(f"{pid} (py thon) S " + " ".join(["0"] * 18 + ["5000", "0", "256", "0"]))


@pytest.mark.parametrize(("caught", "is_so"), [("0000000180004202", True), ("0000000180004002", False)])
def test_only_who_listens_is_asked_for_stacks(tmp_path: Path, caught: str, is_so: bool) -> None:
    """SIGUSR1 (10) would end a process that does not catch it, such as a part that is still starting."""
    (tmp_path / "41").mkdir()
    (tmp_path / "41/status").write_text(f"Name:\tpython\nSigIgn:\t0000000001001200\nSigCgt:\t{caught}\nCapInh:\t0\n")
    assert listens(41, tmp_path) == is_so


@pytest.fixture
def canteen(tmp_path: Path) -> "object":
    """The site of these tests."""
    file = tmp_path / "site.toml"
    file.write_text(SITE)
    return load_site(file, {"CAM_PASSWORD": "x"})


def levels(lines: object) -> dict[str, str]:
    """About what -> how bad."""
    return {line.about: line.level for line in lines}  # type: ignore[attr-defined]


def test_a_part_that_is_missing_or_twice_is_a_fault(canteen: object) -> None:
    """A missing counter and a camera that runs twice are faults, a dashboard that runs elsewhere is not."""
    processes = [
        Process("camera@tills", 1, 900.0, 1),
        Process("camera@door", 2, 900.0, 1),
        Process("camera@door", 3, 9.0, 1),
    ]
    found = levels(part_lines(canteen, processes))  # type: ignore[arg-type]
    assert found == {
        "counter": "fault", "camera@tills": "ok", "camera@door": "fault",
        "collector": "warning", "dashboard": "warning", "alerts": "warning",
    }  # fmt: skip


def test_units_that_start_again_and_again_are_told() -> None:
    """A unit in auto-restart is a fault, one with restarts a warning."""
    told = {
        "a": {"ActiveState": "active", "SubState": "running", "NRestarts": "0"},
        "b": {"ActiveState": "active", "SubState": "running", "NRestarts": "4"},
        "c": {"ActiveState": "activating", "SubState": "auto-restart", "NRestarts": "9"},
    }
    assert levels(unit_lines(told)) == {"a": "ok", "b": "warning", "c": "fault"}


HEALTH = {
    "camera": "tills", "received_s": 1000.0, "state": "ok", "picture": "ok", "frames_in_per_s": 25.0,
    "frames_out_per_s": 5.0, "runtime": "openvino-int8", "restarts": 0, "detail": "Pictures arrive.",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, "ok"),
        ({"frames_out_per_s": 1.0}, "warning"),
        ({"state": "lost"}, "fault"),
        ({"picture": "frozen"}, "fault"),
        ({"state": "starting"}, "warning"),
        ({"received_s": 800.0}, "fault"),
    ],
)
def test_cameras(canteen: object, changes: dict[str, object], level: str) -> None:
    """A camera is well, slow, away, frozen, starting or silent, each at its level."""
    lines: list[CheckLine] = list(
        camera_lines(canteen, State(store={"cameras": [{**HEALTH, **changes}]}), 1010.0)  # type: ignore[arg-type]
    )
    assert levels(lines) == {"camera tills": level, "camera door": "fault"}


@pytest.mark.parametrize(
    ("changes", "about", "level"),
    [
        ({}, "outbox", "ok"),
        ({"pending": 9000}, "outbox", "warning"),
        ({"dropped": 1}, "outbox", "fault"),
        ({"dead": 1}, "outbox", "fault"),
        ({"commit_p99_s": 0.9}, "disk", "warning"),
        ({"rejected": 2}, "counter", "warning"),
    ],
)
def test_outbox(tmp_path: Path, changes: dict[str, object], about: str, level: str) -> None:
    """Rows that pile up, were given up, commit slowly or were not understood are told."""
    assert levels(outbox_lines(tmp_path, State(counter=word(**changes)), time.time()))[about] == level


def test_store_gaps_and_old_readings_are_told(canteen: object) -> None:
    """Missing rows are a warning, a reading of minutes ago is a fault."""
    reading = {"queue": "till-1", "received_s": 700.0, "quality": "ok", "state": "serving", "length": 3}
    tables: dict[str, list[dict[str, object]]] = {
        "queues": [reading], "sources": [{"missing": 4}], "counts": [], "quarantine": []
    }  # fmt: skip
    assert levels(store_lines(canteen, State(store=tables), 1000.0)) == {  # type: ignore[arg-type]
        "queue till-1": "fault",
        "store": "warning",
    }


@pytest.mark.parametrize(("seconds", "words"), [(8, "8 s"), (61, "1 min"), (7500, "2 h 5 min"), (200_000, "2 d 7 h")])
def test_durations(seconds: float, words: str) -> None:
    """Spans as people say them."""
    assert duration(seconds) == words
