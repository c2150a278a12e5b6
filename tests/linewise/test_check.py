"""`linewise check` tells everything that can be known before starting, with what to do."""

import hashlib
import json
import socket
import threading
import time

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from calibration.simulator import make
from edge.config import ConfigError, load_site
from linewise import check, check_box, check_people, check_reach
from linewise.check_lanes import grid, lane_lines
from linewise.check_lines import line_lines
from linewise.check_people import people_lines
from linewise.check_report import CheckLine, CheckReport

SITE = '[site]\nid = "shop"\n[[camera]]\nid = "c1"\nsource = "test://"\n'
SQUARE = "[[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]"
QUEUE = f'[[queue]]\nid = "q"\n[[queue.lane]]\ncamera = "c1"\narea = {SQUARE}\n'
LOW = "[[0.2, 0.6], [0.8, 0.6], [0.8, 1], [0.2, 1]]"
SERVED = "[[0.3, 0.3], [0.5, 0.3], [0.5, 0.5], [0.3, 0.5]]"
CANARY = "S3CR3T-canary"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """State goes to the test's own folder."""
    monkeypatch.setenv("LINEWISE_STATE", str(tmp_path / "state"))


@pytest.fixture
def write(tmp_path):
    """Writes a site file and returns its path."""

    def writer(text):
        path = tmp_path / "site.toml"
        path.write_text(text)
        return path

    return writer


def about(lines, what):
    """Levels and texts of the lines about something."""
    return [(line.level, line.text) for line in lines if line.about.startswith(what)]


def free_port():
    """A port where nothing listens."""
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return link.getsockname()[1]


def test_a_file_with_faults_gives_one_line_a_fault(write):
    """All faults of the file come as lines, and nothing is tried that they would change."""
    report = check.check_site(write(SITE + "detect_fp = 5\nmask = 3\n"), {})
    assert not report.ok
    assert [(line.level, line.about) for line in report.lines] == [("fault", "file")] * 2
    assert 'did you mean "detect_fps"?' in report.lines[0].text


def test_a_sound_site_is_looked_at_from_all_sides(write):
    """Lanes, disk, SQLite, video, detector, cameras and broker each have a line."""
    report = check.check_site(write(SITE + QUEUE + '[detector]\nruntime = "onnx"\n'), {})
    subjects = {line.about.split(",")[0].split(" ")[0] for line in report.lines}
    assert {"file", "queue", "disk", "SQLite", "video", "camera", "broker"} <= subjects
    assert ("ok", "test://: a picture of 640x360 (pattern)") in about(report.lines, "camera c1")
    assert all(line.remedy for line in report.lines if line.level == "warning")


def run(*args):
    """`linewise check` as the command runs it."""
    app = typer.Typer()
    app.callback()(lambda: None)
    check.register(app)
    return CliRunner().invoke(app, ["check", *map(str, args)])


def test_exit_codes_and_json(write):
    """Exit 1 with faults; --json is one document with a level, a subject, a text and a remedy each."""
    path = write(SITE + "detect_fp = 5\n")
    result = run(path, "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["ok"] is False
    assert document["site"] == str(path)
    assert set(document["lines"][0]) == {"level", "about", "text", "remedy"}
    assert "1 faults, 0 warnings" in run(path).stdout


def test_a_missing_file_is_exit_code_2(tmp_path):
    """What cannot be read at all is wrong input, not a failed check."""
    with pytest.raises(ConfigError) as caught:
        check.check_site(tmp_path / "none.toml", {})
    assert caught.value.exit_code == 2


def test_a_report_without_faults_is_ok_in_spite_of_warnings():
    """Warnings do not keep a site from starting."""
    report = CheckReport("s", (CheckLine("ok", "a", "fine"), CheckLine("warning", "b", "hm", "do that")))
    assert report.ok
    assert str(report).splitlines()[1:] == [
        "warning b: hm",
        "        -> do that",
        "0 faults, 1 warnings, 1 ok: the site can start",
    ]


@pytest.mark.parametrize(
    ("change", "level", "text"),
    [
        (
            ("source", "mask = [[[0, 0], [1, 0], [1, 1], [0, 1]]]\nsource"),
            "fault",
            "can never count: its area lies in the mask",
        ),
        (("area", f"staff_area = [{SQUARE}]\narea"), "fault", "can never count: its area lies in the staff_area"),
        ((SQUARE, "[[0.5, 0.5], [0.52, 0.5], [0.52, 0.53]]"), "warning", "smaller than a person's feet"),
        ((SQUARE, "[[0.1, 0.0], [0.9, 0.0], [0.9, 0.09], [0.1, 0.09]]"), "fault", "top tenth"),
        (("area", "hold_s = 0.3\narea"), "warning", "shorter than two pictures"),
        (("area", "service_line = [[0.8, 0.2], [1.0, 0.0]]\narea"), "warning", "only touches the area with one end"),
        (("area", "service_area = [[0.9, 0.9], [1, 0.9], [1, 1]]\narea"), "warning", "away from the area"),
        (("area", "min_stay_s = 90\narea"), "warning", "whoever stays less than that is never counted"),
        (("area", "min_service_s = 9\narea"), "warning", "does nothing without a service_area"),
        (
            (f"area = {SQUARE}", f"area = {LOW}\nservice_line = [[0.2, 1], [0.8, 1]]"),
            "warning",
            "beyond its service_line the picture ends (lower border)",
        ),
        (
            ("area", f"service_area = {SERVED}\nstaff_area = [{SERVED}]\narea"),
            "fault",
            "nobody can be served: its service_area lies in the staff_area",
        ),
    ],
)
def test_lanes_that_can_never_count_are_told(write, change, level, text):
    """Each way to draw a useless lane has its line."""
    lines = list(lane_lines(load_site(write((SITE + QUEUE).replace(*change)), {})))
    assert any(line.level == level and text in line.text and line.remedy for line in lines), lines


@pytest.mark.parametrize(
    ("change", "points", "level", "text"),
    [
        ("", "[[0, 0.6], [1, 0.6]]", "ok", "people can be seen on both of its sides"),
        ("detect_fps = 1", "[[0, 0.6], [1, 0.6]]", "warning", "misses people: detect_fps = 1 of camera c1"),
        ("", "[[0.2, 1], [0.8, 1]]", "fault", "can never count: it lies on the picture's lower border"),
        ("", "[[0, 0.2], [0.01, 0.9]]", "fault", "can never count: it lies on the picture's left border"),
        (f"mask = [{LOW}]", "[[0.3, 0.8], [0.7, 0.8]]", "fault", "can never count: it lies in a mask"),
        (f"mask = [{LOW}]", "[[0.3, 0.8], [0.9, 0.8]]", "warning", "81% of it lie in a mask"),
    ],
)
def test_counting_lines_that_can_never_count_are_told(write, change, points, level, text):
    """Where nobody is seen on both sides, and where pictures come too seldom; a good one is ok."""
    site = load_site(write(f'{SITE}{change}\n[[line]]\nid = "l"\ncamera = "c1"\npoints = {points}\n'), {})
    assert [(line.level, line.text[: len(text)]) for line in line_lines(site)] == [(level, text)]


FLOOR = "floor = {{ image = [[0, 1], [1, 1], [1, 0], [0, 0]], metres = [[0, 0], [{w}, 0], [{w}, {w}], [0, {w}]] }}\n"


@pytest.mark.parametrize(
    ("width_m", "level", "text"),
    [(20, None, ""), (40, "fault", "can never count: the detector sees people of 18 to 18 px here")],
)
def test_people_who_are_too_small_are_told_where_the_floor_is_known(write, width_m, level, text):
    """A floor of 40 m across the picture makes a person 416 * 1.7 / 40 = 18 px on the canvas of `m`; 20 m makes 35."""
    site = load_site(write(SITE + FLOOR.format(w=width_m) + QUEUE), {})
    found = [(line.level, line.text[: len(text)]) for line in people_lines(site)]
    assert found == ([] if level is None else [(level, text)])
    fine = load_site(write(SITE + FLOOR.format(w=width_m) + QUEUE + '[detector]\nmodel = "s"\n'), {})
    assert [line.text[-50:] for line in people_lines(fine) if "26 to 26" in line.text] == []
    assert not list(people_lines(fine))


def test_the_size_of_people_is_that_of_the_simulator(tmp_path):
    """By the floor marks of the simulator's canteen, near and far people are as high as its exact boxes."""
    make.simulate(make.find("canteen", 40.0), 1, tmp_path, video=False, progress=lambda steps, total: steps)
    camera = load_site(tmp_path / "site.toml", {}, sources="any").cameras[0]
    boxes = [line.split(",") for line in (tmp_path / "tracks.txt").read_text().splitlines()]
    seen = [(float(x) + float(w) / 2, float(y) + float(h), float(h)) for _, _, x, y, w, h, *_ in boxes]
    ratios = [check_people.person_px(camera, (x / 1280, foot / 720), 1280) / h for x, foot, h in seen if foot < 719]
    assert 0.9 < np.median(ratios) < 1.15
    assert np.quantile(ratios, 0.05) > 0.8
    assert np.quantile(ratios, 0.95) < 1.3


def test_two_queues_on_one_place_are_told(write):
    """A person in both would be counted twice."""
    twice = SITE + QUEUE + QUEUE.replace('"q"', '"r"')
    assert about(lane_lines(load_site(write(twice), {})), "queues q and r") == [
        ("warning", "100% of q's area are r's too")
    ]


def test_a_grid_has_a_point_for_any_shape():
    """Even a sliver gets one."""
    assert grid(((0.5, 0.5), (0.501, 0.5), (0.5, 0.9)))


def test_a_camera_that_refuses_and_a_host_that_is_none_are_told(write):
    """Refused and unknown are two different faults, each found in seconds, none with the password."""
    port = free_port()
    text = SITE.replace("test://", f"rtsp://u:{CANARY}@127.0.0.1:{port}/s")
    text += f'[[camera]]\nid = "c2"\nsource = "http://u:{CANARY}@nosuch.invalid/s"\n'
    lines = check_reach.reach_lines(load_site(write(text), {}))
    assert "refuses the connection" in about(lines, "camera c1")[0][1]
    assert about(lines, "camera c2")[0][0] == "fault"
    assert CANARY not in repr(lines)


def test_a_file_that_is_no_video_is_told(write, tmp_path):
    """A text file as a source is a fault of that camera."""
    (tmp_path / "notes.mp4").write_text("no video")
    lines = check_reach.reach_lines(load_site(write(SITE.replace("test://", "notes.mp4")), {}))
    assert [level for level, _ in about(lines, "camera c1")] == ["fault"]


def test_a_broker_that_is_not_there_is_told(write):
    """Nothing listens: a fault with what to look at."""
    site = load_site(write(SITE + f'[mqtt]\nurl = "mqtt://127.0.0.1:{free_port()}"\n'), {})
    line = next(line for line in check_reach.reach_lines(site) if line.about == "broker")
    assert line.level == "fault"
    assert "refuses the connection" in line.text
    assert "[mqtt]" in line.remedy


def test_something_that_is_no_broker_is_told(write):
    """A listener that hangs up at once is not taken for a broker."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up():
            for _ in range(2):
                server.accept()[0].close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        site = load_site(write(SITE + f'[mqtt]\nurl = "mqtt://127.0.0.1:{server.getsockname()[1]}"\n'), {})
        lines = check_reach.reach_lines(site)
        thread.join(timeout=10)
    assert [level for level, _ in about(lines, "broker")] == ["fault"]


def test_a_password_in_the_clear_is_a_warning(write):
    """Over the network a password needs TLS."""
    text = SITE + f'[mqtt]\nurl = "mqtt://nosuch.invalid"\nusername = "u"\npassword = "{CANARY}"\n'
    site = load_site(write(text), {})
    assert site.mqtt is not None
    lines = list(check_reach.broker_lines(site.mqtt))
    assert lines[0].level == "warning"
    assert "unencrypted" in lines[0].text
    assert CANARY not in repr(lines)


@pytest.mark.slow
def test_jobs_run_together_and_a_hung_one_is_reported():
    """The check takes as long as the slowest, and ends though one never does."""
    forever = threading.Event()

    def hang():
        forever.wait(60)
        return []

    quick = [("a", lambda: [CheckLine("ok", "a", "fine")]), ("b", hang)]
    started_s = time.monotonic()
    lines = check_reach.run_together(quick, limit_s=0.5)
    forever.set()
    assert time.monotonic() - started_s < 30
    assert [(line.about, line.level) for line in lines] == [("a", "ok"), ("b", "fault")]


def test_sqlite_versions_are_judged():
    """Too old is a fault; the ones with the WAL-reset fault are named."""
    assert check_box.sqlite_line((3, 30, 0)).level == "fault"
    assert "WAL-reset" in check_box.sqlite_line((3, 40, 1)).text
    assert check_box.sqlite_line((3, 52, 0)).text == "3.52.0"


def test_a_state_folder_that_cannot_be_made_is_told(monkeypatch):
    """The remedy names the variable that moves it."""
    monkeypatch.setenv("LINEWISE_STATE", "/proc/none")
    line = check_box.disk_line("shop")
    assert line.level == "fault"
    assert "LINEWISE_STATE" in line.remedy


def manifest(folder, content, sha256):
    """A manifest with one model file."""
    (folder / "m.onnx").write_bytes(content)
    files = {"fp32": {"file": "m.onnx", "sha256": sha256}}
    entry = {"canvas": [416, 256], "score_threshold": 0.3, "duplicate_iou": 0.6, "files": files}
    (folder / "manifest.json").write_text(json.dumps({"models": {"m": entry}}))


def test_a_model_file_that_was_changed_is_told(write, tmp_path):
    """The sha256 of the manifest is held against the file; a missing manifest is a fault too."""
    site = load_site(write(SITE), {})
    assert [line.level for line in check_box.detector_lines(site, tmp_path)] == ["fault"]
    manifest(tmp_path, b"changed", hashlib.sha256(b"as scored").hexdigest())
    lines = list(check_box.detector_lines(site, tmp_path))
    assert [line.level for line in lines] == ["fault"]
    assert "sha256" in lines[0].text


def test_a_file_that_is_as_scored_but_no_graph_is_told(write, tmp_path):
    """The file is right and yet nothing starts with it."""
    manifest(tmp_path, b"no graph", hashlib.sha256(b"no graph").hexdigest())
    site = load_site(write(SITE + '[detector]\nruntime = "onnx"\n'), {})
    lines = list(check_box.detector_lines(site, tmp_path))
    assert [line.level for line in lines] == ["ok", "fault"]
    assert "no runtime starts" in lines[1].text
