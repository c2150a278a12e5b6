"""A site file becomes a Site, whole and with its defaults."""

import hashlib
import os
import subprocess
import sys

import pytest

from edge.config import ConfigError, host_slug, load_site
from edge.errors import InputError
from edge.settings import DashboardSettings, StoreSettings

SMALL = '[site]\nid = "shop"\n[[camera]]\nid = "c1"\nsource = "test://"\n'
FULL = """
[site]
id = "shop"
name = "Shop & Söhne"
timezone = "Europe/Zurich"
box = "box-7"
[mqtt]
url = "mqtts://broker.example"
username = "u"
password = "${MQTT_PASSWORD}"
ca_file = "ca.pem"
home_assistant = true
[detector]
model = "s"
runtime = "onnx"
threads = 4
[store]
seconds_days = 2
minutes_days = 30
hours_days = 3650
[dashboard]
login = "oidc"
oidc_file = "login.toml"
viewers = ["Anna@Example.org"]
installers = ["bo@example.org"]
reports = "reports"
target_wait_s = 240
[[camera]]
id = "c1"
name = "Camera one"
source = "rtsp://viewer:${CAM_PASSWORD}@10.0.0.11/stream?channel=1"
detect_fps = 2.5
mask = [[[0, 0], [0.2, 0], [0.2, 0.1]]]
floor = { image = [[0, 0], [1, 0], [1, 1], [0, 1]], metres = [[0, 0], [4, 0], [4, 6], [0, 6]] }
[[camera]]
id = "c2"
source = "film.mp4"
loop = true
[[queue]]
id = "q1"
servers = 2
count_served = false
room = 12
[[queue.lane]]
camera = "c1"
area = [[0.25, 0.30], [0.75, 0.30], [0.75, 0.95], [0.25, 0.95]]
service_line = [[0.25, 0.30], [0.75, 0.30]]
staff_area = [[[0.8, 0.2], [0.9, 0.2], [0.9, 0.5]]]
min_stay_s = 7
hold_s = 2.5
[[queue.lane]]
camera = "c2"
area = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
service_area = [[0, 0], [1, 0], [1, 0.5]]
min_service_s = 9
[[line]]
id = "door"
camera = "c2"
points = [[0.0, 0.6], [0.5, 0.7], [1.0, 0.6]]
[[alert]]
queue = "q1"
when = "wait_s > 300"
for_s = 60
[[alert]]
queue = "q1"
when = "camera lost"
[[alert]]
queue = "q1"
when = "quality == stale"
"""
ENVIRON = {"MQTT_PASSWORD": "m-secret", "CAM_PASSWORD": "p@ss/w:rd#1"}


@pytest.fixture
def write(tmp_path):
    """Writes a site file and returns its path."""

    def writer(text, name="site.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return writer


@pytest.fixture
def full(write, tmp_path):
    """A site that uses every key."""
    (tmp_path / "film.mp4").write_bytes(b"x")
    (tmp_path / "ca.pem").write_bytes(b"x")
    return write(FULL)


def test_a_small_file_gets_the_defaults(write):
    """Without names, mqtt and queues a site still loads, named by its ids."""
    path = write(SMALL)
    site = load_site(str(path))
    assert (site.id, site.name, site.timezone, site.mqtt) == ("shop", "shop", "UTC", None)
    assert site.path == path
    assert site.config_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    camera = site.camera("c1")
    assert (camera.name, camera.source, camera.detect_fps, camera.mask, camera.floor) == (
        "c1",
        "test://",
        5.0,
        (),
        None,
    )
    assert (site.detector_model, site.detector_runtime, site.detector_threads) == ("m", "auto", 1)


def test_a_folder_of_weights_lies_beside_the_site_file(tmp_path):
    """[detector] model with a / is a folder relative to the site file; without one it is a name and no path."""
    file = tmp_path / "site.toml"
    file.write_text(SMALL + '[detector]\nmodel = "./weights/ours"\n')
    assert load_site(file, {}).detector_model == str(tmp_path / "weights" / "ours")
    file.write_text(SMALL + '[detector]\nmodel = "no name"\n')
    with pytest.raises(ConfigError, match=r'not an id; for example "no-name"'):
        load_site(file, {})


def test_every_key_reaches_the_site(full, tmp_path):
    """What the installer writes is what the program gets."""
    site = load_site(full, ENVIRON)
    assert (site.name, site.timezone, site.box) == ("Shop & Söhne", "Europe/Zurich", "box-7")
    assert (site.detector_model, site.detector_runtime, site.detector_threads) == ("s", "onnx", 4)
    assert site.mqtt is not None
    assert (site.mqtt.host, site.mqtt.port, site.mqtt.tls) == ("broker.example", 8883, True)
    assert (site.mqtt.password, site.mqtt.ca_file) == ("m-secret", str(tmp_path / "ca.pem"))
    assert site.mqtt.home_assistant
    one, two = site.cameras
    assert one.mask == (((0.0, 0.0), (0.2, 0.0), (0.2, 0.1)),)
    assert one.floor is not None
    assert one.floor.metres[2] == (4.0, 6.0)
    assert (two.source, two.source_shown, two.loop) == (str(tmp_path / "film.mp4"), "film.mp4", True)
    first, second = site.queues[0].lanes
    assert first.service_line == ((0.25, 0.3), (0.75, 0.3))
    assert (first.min_stay_s, first.hold_s) == (7.0, 2.5)
    assert second.area == ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert (second.service_line, second.min_service_s) == (None, 9.0)
    assert site.lines[0].points[1] == (0.5, 0.7)
    assert site.queues[0].room == 12
    assert site.store == StoreSettings(seconds_days=2, minutes_days=30, hours_days=3650)
    assert site.dashboard == DashboardSettings(
        login="oidc",
        oidc_file=str(tmp_path / "login.toml"),
        viewers=("anna@example.org",),
        installers=("bo@example.org",),
        reports=str(tmp_path / "reports"),
        target_wait_s=240.0,
    )


def test_alerts_are_taken_apart(full):
    """A condition becomes field, operator and value; a lost camera is one too."""
    alerts = load_site(full, ENVIRON).alerts
    assert [(a.field, a.op, a.value, a.for_s) for a in alerts] == [
        ("wait_s", ">", 300.0, 60.0),
        ("camera", "==", "lost", 0.0),
        ("quality", "==", "stale", 0.0),
    ]
    assert alerts[0].text == "wait_s > 300"


def test_an_alerts_hours(full):
    """Times of day become minutes, days their numbers; left out: always, all days, once."""
    plain = load_site(full, ENVIRON).alerts[0]
    assert (plain.repeat_s, plain.between, plain.weekdays) == (0.0, None, ())
    more = 'for_s = 60\nrepeat_s = 600\nbetween = ["8:00", "24:00"]\nweekdays = ["fri", "mon", "mon"]\n'
    text = full.read_text(encoding="utf-8").replace("for_s = 60\n", more)
    full.write_text(text, encoding="utf-8")
    alert = load_site(full, ENVIRON).alerts[0]
    assert (alert.repeat_s, alert.between, alert.weekdays) == (600.0, (480, 1440), (0, 4))


def test_a_password_from_the_environment_cannot_break_the_url(full):
    """Reserved characters of a password are percent-encoded; the shown source has neither user nor password."""
    camera = load_site(full, ENVIRON).camera("c1")
    assert camera.source == "rtsp://viewer:p%40ss%2Fw%3Ard%231@10.0.0.11/stream?channel=1"
    assert camera.source_shown == "rtsp://***@10.0.0.11/stream?channel=1"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("rtsp://u:p@w@h/s", "rtsp://***@h/s"),
        ("http://h/cgi?user=x&pwd=geheim&n=1", "http://h/cgi?user=x&pwd=***&n=1"),
        ("http://${HOST}/cgi?token=${CAM_TOKEN}", "http://cam.local/cgi?token=***"),
        ("rtsp://h/${CAM_TOKEN}/stream", "rtsp://h/***/stream"),
        ("${CAM_URL}", "rtsp://***@h/s"),
        ("rtsp://h:7447/K3fT9geheimq0PzX1vB2", "rtsp://h:7447/***"),
        ("rtsps://h:7441/K3fT9geheimq0PzX1vB2?enableSrtp", "rtsps://h:7441/***?enableSrtp"),
        (
            "rtsp://h/user=admin_password=geheim_channel=1.sdp?real",
            "rtsp://h/user=admin_password=***_channel=1.sdp?real",
        ),
        ("rtsp://h/0/viewer:geheim/main", "rtsp://h/0/***/main"),
        ("http://h/3f2504e0-4f89-11d3-9a0c-0305e82c3301/live", "http://h/***/live"),
    ],
)
def test_shown_sources_keep_no_secret(write, source, shown):
    """Whichever way a secret gets into a source, the shown one is without it."""
    environ = {"HOST": "cam.local", "CAM_TOKEN": "geheim", "CAM_URL": "rtsp://u:geheim@h/s"}
    camera = load_site(write(SMALL.replace("test://", source)), environ).camera("c1")
    assert camera.source_shown == shown
    assert "geheim" not in repr(camera)


@pytest.mark.parametrize(
    "path",
    [
        *("Streaming/Channels/101", "cam/realmonitor?channel=1&subtype=0", "h264Preview_01_main", "live/ch00_0"),
        *("axis-media/media.amp?videocodec=h264", "MediaInput/h264/stream_1", "h264/ch1/main/av_stream", "11"),
        *("nphMpeg4/g726-640x480", "ISAPI/Streaming/channels/102", "LiveMedia/ch1/Media1", "rtsp_tunnel?inst=1"),
    ],
)
def test_makers_own_paths_are_shown(write, path):
    """An address as the manuals name it is told whole."""
    shown = f"rtsp://10.0.0.11:554/{path}"
    assert load_site(write(SMALL.replace("test://", shown)), {}).camera("c1").source_shown == shown


def test_sources_of_any_kind_are_not_needed_for_replay(write):
    """With sources="any" a missing file and an unset variable of a camera are no faults."""
    path = write(SMALL.replace("test://", "rtsp://u:${CAM_PASSWORD}@h/s") + '[[camera]]\nid="c2"\nsource="no.mp4"\n')
    with pytest.raises(ConfigError) as caught:
        load_site(path, {})
    assert len(caught.value.faults) == 2
    site = load_site(path, {}, sources="any")
    assert site.camera("c1").source_shown == "rtsp://***@h/s"
    assert site.camera("c2").source.endswith("/no.mp4")


def test_the_broker_is_not_needed_for_replay(write):
    """With broker="any" an unset broker password is no fault; else it is, even with sources="any"."""
    path = write(SMALL + '[mqtt]\nurl = "mqtt://h"\nusername = "u"\npassword = "${MQTT_PASSWORD}"\n')
    with pytest.raises(ConfigError, match="the environment has no MQTT_PASSWORD"):
        load_site(path, {}, sources="any")
    site = load_site(path, {}, sources="any", broker="any")
    assert site.mqtt is not None
    assert site.mqtt.password is None


def test_windows_files_load(write):
    """A byte-order mark and CRLF line ends are read over."""
    assert load_site(write(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())).id == "shop"


def test_inline_tables_and_dotted_keys_load(write):
    """TOML's other spellings are the same file."""
    corners = "[[0,0],[1,0],[1,1],[0,1]]"
    floor = f"floor.image = {corners}, floor.metres = {corners}"
    text = f'site.id = "shop"\ncamera = [{{id = "c1", source = "test://", {floor}}}]\n'
    assert load_site(write(text)).camera("c1").floor is not None


@pytest.mark.parametrize(
    ("host", "slug"), [("Box 7.local", "box-7"), ("", "box"), ("éé", "box"), ("A" * 60, "a" * 40), ("a_b-C", "a_b-c")]
)
def test_the_host_name_becomes_an_id(host, slug):
    """Any host name gives a valid box id."""
    assert host_slug(host) == slug


def test_a_config_error_is_an_input_error(tmp_path):
    """The command prints it and exits with 2."""
    with pytest.raises(InputError) as caught:
        load_site(tmp_path / "none.toml")
    assert caught.value.exit_code == 2
    assert "there is no such file" in str(caught.value)


def test_loading_settings_is_light():
    """Reading a site file loads neither scipy nor OpenCV: the command answers at once."""
    code = "import sys, edge.config; sys.exit(any(m in sys.modules for m in ('scipy', 'cv2', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0
