"""Every fault of a site file is told at once, where it is, and without a secret."""

import re

import pytest

from edge.config import ConfigError, load_site

CAM = '[[camera]]\nid = "c1"\nsource = "test://"\n'
HEAD = '[site]\nid = "shop"\n' + CAM
TLS = '[site]\nid = "shop"\n[[camera]]\nid = "c1"\nsource = "rtsps://c/x"\n'
SQUARE = "[[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]"
QUEUE = '[[queue]]\nid = "q"\n[[queue.lane]]\ncamera = "c1"\narea = ' + SQUARE + "\n"
CANARY = "S3CR3T-canary"


@pytest.fixture
def faults(tmp_path):
    """The faults of a site file's text."""

    def read(text, environ=None):
        path = tmp_path / "site.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(ConfigError) as caught:
            load_site(path, environ or {})
        return caught.value.faults

    return read


TABLE = [
    # text, line, key, what the message must tell
    (HEAD + "detect_fp = 5\n", 6, "camera.detect_fp", 'unknown key; did you mean "detect_fps"?'),
    (HEAD + "frobnicate = 5\n", 6, "camera.frobnicate", "unknown key; allowed: id, name, source"),
    (HEAD + "[cameras]\n", 6, "cameras", 'unknown table; did you mean "camera"?'),
    ('[site]\nid = "x"\ndetect_fps = 5\n' + CAM, 3, "site.detect_fps", "is a key of [[camera]]"),
    ('[site]\nname = "x"\n' + CAM, 1, "site.id", "missing; used in topics"),
    (CAM, 1, "site", "missing; a site file has a table [site]"),
    ('[site]\nid = "x"\n', 1, "camera", "missing; a site file has one [[camera]] or more"),
    ("site = 3\n" + CAM, 1, "site", "not a table; write [site]"),
    ('[[site]]\nid = "x"\n' + CAM, 1, "site", "write [site] once, in single brackets"),
    ('[site]\nid = "x"\n[camera]\nid = "c"\nsource = "test://"\n', 3, "camera", "single brackets; write [[camera]]"),
    ('[site]\nid = "Two Words!"\n' + CAM, 2, "site.id", 'not an id; for example "two-words"; allowed: 1 to 40 of a-z'),
    ('[site]\nid = "../../etc"\n' + CAM, 2, "site.id", "not an id"),
    ('[site]\nid = "' + "a" * 41 + '"\n' + CAM, 2, "site.id", "not an id"),
    ('[site]\nid = ""\n' + CAM, 2, "site.id", "not an id"),
    ('[site]\nid = "a\\u0000b"\n' + CAM, 2, "site.id", "control character"),
    ("[site]\nid = 7\n" + CAM, 2, "site.id", "a number where a text is wanted; put it in quotes"),
    ('[site]\nid = "x"\ntimezone = "Zurich"\n' + CAM, 3, "site.timezone", 'did you mean "Europe/Zurich"?'),
    ('[site]\nid = "x"\ntimezone = "Mars"\n' + CAM, 3, "site.timezone", "no such time zone"),
    ('[site]\nid = "x"\ntimezone = "../../etc/passwd"\n' + CAM, 3, "site.timezone", "no such time zone"),
    (HEAD + 'detect_fps = "5"\n', 6, "camera.detect_fps", "a text where a number is wanted; leave the quotes out"),
    (HEAD + "detect_fps = 0\n", 6, "camera.detect_fps", "too small; allowed: 0.1 to 60"),
    (HEAD + "detect_fps = true\n", 6, "camera.detect_fps", "not a number"),
    (HEAD + "detect_fps = nan\n", 6, "camera.detect_fps", "not a finite number"),
    (HEAD + "detect_fps = 1" + "0" * 400 + "\n", 6, "camera.detect_fps", "too large"),
    (HEAD + "loop = 1\n", 6, "camera.loop", "a number where true or false is wanted"),
    (HEAD + "loop = true\n", 6, "camera.loop", "only a file can be played again"),
    (HEAD + 'certificate = "any"\n', 6, "camera.certificate", "needs an encrypted source"),
    (TLS + 'certificate = "none"\n', 6, "camera.certificate", "checked, any"),
    (TLS + 'ca_file = "gone.pem"\n', 6, "camera.ca_file", "there is no file"),
    (TLS + 'ca_file = "c.pem"\ncertificate = "any"\n', 6, "camera.ca_file", "leave one of them out"),
    (HEAD + "name = 1979-05-27\n", 6, "camera.name", "a date or time where a text is wanted"),
    (HEAD + f"mask = {SQUARE}\n", 6, "camera.mask", "put one more pair of brackets around it"),
    (
        HEAD + "floor = { image = [[0,0],[1,0],[1,1]], metres = [[0,0],[1,0],[1,1],[0,1]] }\n",
        6,
        "camera.floor.image",
        "four points are wanted, here are 3",
    ),
    (HEAD + "floor = { image = [[0,0],[1,0],[1,1],[0,1]] }\n", 6, "camera.floor.metres", "missing"),
    (HEAD + "tracker = { birth_score = 0.1 }\n", 6, "camera.tracker.keep_score", "greater than birth_score = 0.1"),
    (HEAD + "tracker = { max_hidden_s = 90 }\n", 6, "camera.tracker.max_hidden_s", "too large"),
    (HEAD + CAM, 7, "camera.id", "used twice, first in line 4"),
    (HEAD.replace("test://", "rstp://h/s"), 5, "camera.source", 'did you mean "rtsp"?'),
    (HEAD.replace("test://", "rtsp:///s"), 5, "camera.source", "the URL has no host"),
    (HEAD.replace("test://", "rtsp://h:99999/s"), 5, "camera.source", "host or port cannot be read"),
    (HEAD.replace("test://", "rtsp://h/s ! filesink location=/x"), 5, "camera.source", "a URL has no spaces"),
    (HEAD.replace("test://", "v4l2://video0"), 5, "camera.source", "v4l2:///dev/video0"),
    (HEAD.replace("test://", "nofile.mp4"), 5, "camera.source", "there is no file"),
    (HEAD.replace("test://", "."), 5, "camera.source", "that is a folder"),
    (HEAD.replace("test://", "rtsp://u:${NO_SUCH}@h"), 5, "camera.source", "the environment has no NO_SUCH"),
    (HEAD.replace("test://", "rtsp://u:${NO SUCH}@h"), 5, "camera.source", "comes a variable's name"),
    (HEAD.replace("test://", "rtsp://u:${NO_SUCH@h"), 5, "camera.source", "comes a variable's name"),
    (HEAD + '[mqtt]\nurl = "http://h"\n', 7, "mqtt.url", '"http://" is no broker'),
    (HEAD + '[mqtt]\nurl = "broker:1883"\n', 7, "mqtt.url", "begin with mqtt:// or mqtts://"),
    (HEAD + '[mqtt]\nurl = "mqtt://h/x"\n', 7, "mqtt.url", "after host and port nothing may follow"),
    (HEAD + '[mqtt]\nurl = "mqtt://h"\nca_file = "ca"\n', 8, "mqtt.ca_file", "write mqtts:// in url"),
    (HEAD + '[mqtt]\nurl = "mqtts://h"\nca_file = "ca"\n', 8, "mqtt.ca_file", "there is no file"),
    (HEAD + '[mqtt]\nurl = "mqtt://h"\npassword = "x"\n', 8, "mqtt.password", "needs username beside it"),
    (HEAD + '[detector]\nruntime = "openvno"\n', 7, "detector.runtime", 'did you mean "openvino"?'),
    (HEAD + "[detector]\nthreads = 1.5\n", 7, "detector.threads", "not a whole number"),
    (HEAD + '[[queue]]\nid = "q"\n', 6, "queue.lane", "missing; a queue has one [[queue.lane]]"),
    (HEAD + QUEUE.replace("[[queue]]", "[queue]"), 6, "queue", "single brackets; write [[queue]]"),
    (HEAD + QUEUE.replace('"c1"', '"c2"'), 9, "queue.lane.camera", "no [[camera]] has this id; allowed: c1"),
    (HEAD + QUEUE + "hold_s = -1\n", 11, "queue.lane.hold_s", "too small; allowed: 0 to 600 seconds"),
    (HEAD + QUEUE.replace("[[0.2", "[[1.2"), 10, "queue.lane.area", "lies outside the picture"),
    (HEAD + QUEUE.replace("[[0.2", "[[320"), 10, "queue.lane.area", "looks like pixels"),
    (HEAD + QUEUE.replace("[0.2, 0.8]]", '"x"]'), 10, "queue.lane.area", "a point is [x, y]"),
    (
        HEAD + QUEUE + "service_line = [[0.5, 0.4], [0.5, 0.5]]\n",
        11,
        "queue.lane.service_line",
        "it lies inside the area",
    ),
    (
        HEAD + QUEUE + "service_line = [[0.9, 0.1], [0.9, 0.9]]\n",
        11,
        "queue.lane.service_line",
        "it lies outside the area",
    ),
    (
        HEAD + QUEUE + "service_line = [[0.2, 0.2], [0.5, 0.2], [0.8, 0.2]]\n",
        11,
        "queue.lane.service_line",
        "has two points",
    ),
    (
        HEAD + QUEUE + f"service_line = [[0.2,0.2],[0.8,0.2]]\nservice_area = {SQUARE}\n",
        12,
        "queue.lane.service_area",
        "not both",
    ),
    (HEAD + '[[line]]\nid = "l"\ncamera = "c1"\npoints = [[0.5, 0.5]]\n', 9, "line.points", "two different points"),
    (HEAD + '[[alert]]\nqueue = "q"\nwhen = "length > 3"\n', 7, "alert.queue", "no [[queue]] has this id"),
    (HEAD + '[dashboard]\nlogin = "oidc"\n', 7, "dashboard.login", "needs oidc_file beside it"),
    (HEAD + '[dashboard]\nlogin = "password"\n', 7, "dashboard.login", "allowed: none, proxy, oidc"),
    (HEAD + '[dashboard]\nviewers = ["anna"]\n', 6, "dashboard.login", "nobody is known without a login"),
    (HEAD + '[dashboard]\nviewers = "anna"\n', 7, "dashboard.viewers", "where a list is wanted"),
    (HEAD + "[store]\nseconds_days = 0\n", 7, "store.seconds_days", "too small; allowed: 1 to 3660 days"),
    (HEAD + QUEUE + '[[alert]]\nqueue = "q"\nwhen = "wait > 3"\n', 13, "alert.when", 'did you mean "wait_s"?'),
    (HEAD + QUEUE + '[[alert]]\nqueue = "q"\nwhen = "length > many"\n', 13, "alert.when", '"many" is not a number'),
    (HEAD + QUEUE + '[[alert]]\nqueue = "q"\nwhen = "length = 3"\n', 13, "alert.when", 'write "=="'),
    (HEAD + QUEUE + '[[alert]]\nqueue = "q"\nwhen = "state > idle"\n', 13, "alert.when", "compare it with == or !="),
    (HEAD + QUEUE + '[[alert]]\nqueue = "q"\nwhen = "state == stoped"\n', 13, "alert.when", 'did you mean "stopped"?'),
    (HEAD + QUEUE + '[[alert]]\nqueue = "q"\nwhen = "camera gone"\n', 13, "alert.when", '"gone" is no camera'),
    *(
        (HEAD + QUEUE + f'[[alert]]\nqueue = "q"\nwhen = "length > 3"\n{key} = {value}\n', 14, f"alert.{key}", told)
        for key, value, told in (
            ("between", '["8", "18:00"]', "'8' is no time of day"),
            ("between", '["08:00", "25:00"]', "no time of day"),
            ("between", '["08:60", "18:00"]', "no time of day"),
            ("between", "[08:00:00, 18:00:00]", "stands in quotes"),
            ("between", '"08:00-18:00"', "not two times of day"),
            ("between", '["00:00", "24:00"]', "leave it out"),
            ("weekdays", '["monday"]', 'did you mean "mon"?'),
            ("weekdays", "[1, 2]", "days stand in quotes"),
            ("weekdays", "[]", "not a list of days"),
            ("repeat_s", "-1", "too small"),
        )
    ),
    (HEAD + 'x = "open\n', 6, "", "not TOML (column 10)"),
    (HEAD + 'id = "c2"\n', 6, "", "Cannot overwrite a value"),
]


@pytest.mark.parametrize(("text", "line", "key", "told"), TABLE)
def test_each_fault_is_told_with_line_key_and_remedy(faults, text, line, key, told):
    """One wrong thing gives one fault, with the file's line, the key, and what to do."""
    found = faults(text)
    assert [(fault.line, fault.key) for fault in found] == [(line, key)], "\n".join(map(str, found))
    assert told in found[0].message


def test_the_message_has_the_promised_form(faults, tmp_path):
    """file:line: key = value: what is wrong; what is allowed; what to do."""
    assert str(faults(HEAD + "detect_fps = 500\n")[0]) == (
        f"{tmp_path}/site.toml:6: camera.detect_fps = 500: too large; allowed: 0.1 to 60"
    )


@pytest.mark.parametrize(
    "corners",
    ["[[0.2,0.2],[0.8,0.8],[0.8,0.2],[0.2,0.8]]", "[[0.1,0.1],[0.9,0.1],[0.9,0.9],[0.5,0.05],[0.1,0.9]]"],
)
def test_crossing_polygons_name_the_sides(faults, corners):
    """A polygon that crosses itself says which sides do."""
    assert re.search(
        r"sides after corner \d and after corner \d cross", faults(HEAD + QUEUE.replace(SQUARE, corners))[0].message
    )


@pytest.mark.parametrize("corners", ["[[0.2,0.2],[0.5,0.5],[0.8,0.8]]", "[[0.2,0.2],[0.8,0.2],[0.5,0.2],[0.3,0.2]]"])
def test_flat_polygons_are_no_areas(faults, corners):
    """Corners on a line enclose nothing."""
    assert "no area" in faults(HEAD + QUEUE.replace(SQUARE, corners))[0].message


def test_all_faults_come_at_once_in_the_order_of_the_file(faults):
    """An installer mends a file in one go."""
    text = (
        HEAD + 'detect_fp = 5\nmask = 3\n[[queue]]\nid = "Q 1"\n[[queue.lane]]\ncamera = "no"\n[[alert]]\nwhen = "x"\n'
    )
    found = faults(text)
    assert [fault.key for fault in found] == [
        "camera.detect_fp",
        "camera.mask",
        "queue.id",
        "queue.lane.area",
        "queue.lane.camera",
        "alert.queue",
        "alert.when",
    ]
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)


def test_lines_are_right_behind_every_spelling_of_toml(faults):
    """Comments, multi-line strings and arrays, quoted and dotted keys do not shift a line."""
    text = (
        '# [[camera]]\n[site]\nid = "x" # = [ {\nname = """a\n[b]\n"c" = 1"""\n\n[[camera]]\n"id" = "c"\nsource = \'test://\'\n'
        "mask = [ # [[\n  [[0, 0],\n   [1, 0], [1, 1]],\n]\nfloor.image = 3\n"
        "floor . metres = 4\n\n[[camera]]\r\nid = 5\r\n"
    )
    assert [(f.line, f.key) for f in faults(text)] == [
        (4, "site.name"),
        (15, "camera.floor.image"),
        (16, "camera.floor.metres"),
        (18, "camera.source"),
        (19, "camera.id"),
    ]


def test_no_fault_shows_a_secret(faults):
    """Passwords of the file and of the environment are in no message, whatever is wrong around them."""
    text = (
        HEAD.replace("test://", "rstp://viewer:${CAM_PASSWORD}@h/s").replace("c1", "C 1")
        + f'nmae = "rtsp://u:{CANARY}@h/s"\n[[camera]]\nid = "c2"\nsource = "rtsp://u:{CANARY}@h:x/s?pwd={CANARY}"\n'
        + f'[mqtt]\nurl = "mqtt://u:{CANARY}@h"\npassword = "{CANARY}"\npasword = "{CANARY}"\nx = "{CANARY}"\n'
    )
    found = faults(text, {"CAM_PASSWORD": CANARY})
    assert len(found) >= 8
    assert CANARY not in "\n".join(map(repr, found)) + "\n".join(map(str, found))


def test_more_faults_than_anybody_reads_are_counted(tmp_path):
    """Two hundred faults are listed, the rest is a number."""
    path = tmp_path / "site.toml"
    path.write_text(HEAD + "".join(f"k{i} = 1\n" for i in range(1000)))
    with pytest.raises(ConfigError) as caught:
        load_site(path, {})
    assert len(caught.value.faults) == 200
    assert str(caught.value).endswith("... and 800 more faults")
