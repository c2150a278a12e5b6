"""Every key of a site file: what is allowed, what it means, what it is when left out. docs/site-file.md shows this."""

from collections.abc import Mapping
from typing import Any

from edge import config_acceptance as acceptance
from edge import config_geometry as geometry
from edge.config_alerts import ALERT_WORDS, WEEKDAYS, parse_alert, parse_between, parse_weekdays
from edge.config_database import DATABASE_WORDS, parse_database
from edge.config_out import (
    KINDS,
    parse_hook,
    parse_ids,
    parse_mail,
    parse_mail_server,
    parse_mails,
    parse_origins,
    parse_secret,
    parse_token,
    some_of,
)
from edge.config_serving import parse_address, parse_languages
from edge.config_values import (
    REQUIRED,
    Key,
    days,
    four,
    ident,
    ident_or_folder,
    names,
    number,
    plain,
    seconds,
    text,
    whole,
    word,
    yes,
    zone,
)

RUNTIMES = (
    *("auto", "openvino", "onnx", "tensorrt"),
    *("openvino-int8", "openvino-fp32", "onnx-int8", "onnx-fp32", "tensorrt-int8", "tensorrt-fp16", "tensorrt-fp32"),
)
SHAPE = "three or more points [x, y], each from 0 to 1"
_A_ID = "1 to 40 of a-z A-Z 0-9 - _"
_A_NAME = "1 to 80 characters"
_NAMES = "a list of users' names or addresses, or of groups"
_A_FILE = "a file, relative to the site file"
_QUEUES = "a list of queues' ids"
_TOLD = f"a list of {', '.join(KINDS)}"
_AN_ADDRESS = "an IP address; 0.0.0.0: all of this machine's"

KEYS: Mapping[str, Mapping[str, Key]] = {
    "site": {
        "id": Key(ident, _A_ID, "used in topics and in the names of files", REQUIRED),
        "name": Key(text, _A_NAME, "for people's eyes", "the id"),
        "timezone": Key(zone, 'a name such as "Europe/Berlin"', "for people's eyes; all stored is UTC", '"UTC"', "UTC"),
        "box": Key(ident, _A_ID, "this box's name in topics", "the host's name"),
    },
    "privacy": {
        "min_people": Key(whole(0, 100), "0 to 100", "rows on people go out by so many; 0, 1: each for itself", "0", 0),
    },
    "mqtt": {
        "url": Key(plain, '"mqtt://HOST[:1883]" or "mqtts://HOST[:8883]"', "the broker", REQUIRED),
        "username": Key(plain, "1 to 1000 characters", "this box's user at the broker", "none"),
        "password": Key(plain, "1 to 1000 characters", 'best as "${MQTT_PASSWORD}"', "none"),
        "ca_file": Key(plain, _A_FILE, "who signed the broker's certificate", "the system's list"),
        "cert_file": Key(plain, _A_FILE, "this box's own certificate", "none"),
        "key_file": Key(plain, _A_FILE, "and its key", "none"),
        "home_assistant": Key(yes, "true or false", "tell Home Assistant of all queues and cameras", "false", False),
    },
    "detector": {
        "model": Key(
            ident_or_folder,
            f"{_A_ID}; or a folder, relative to the site file, with a / in it",
            'the shipped graph: quick "n", middle "m", fine "s"; or what linewise export made, as "./weights"',
            '"m"',
            "m",
        ),
        "runtime": Key(
            word(*RUNTIMES),
            ", ".join(RUNTIMES),
            "what runs the graph",
            '"auto"',
            "auto",
        ),
        "threads": Key(whole(1, 64), "1 to 64", "threads of one detector on a CPU", "1", 1),
    },
    "store": {
        "seconds_days": days(1, 3660, "readings of every second are kept so long", 1),
        "minutes_days": days(1, 3660, "minutes and single visits are kept so long", 90),
        "hours_days": days(0, 36600, "hours are kept so long; 0: for ever", 0),
        "url": Key(parse_database, DATABASE_WORDS, "a chain's database, beside this machine's store", "none"),
        "ca_file": Key(plain, _A_FILE, "who signed the database's certificate", "the system's list"),
    },
    "dashboard": {
        "login": Key(word("none", "proxy", "oidc"), "none, proxy, oidc", "who says who looks", '"none"', "none"),
        "user_header": Key(
            plain, "a header's name", "in which the proxy names the user", '"X-Forwarded-User"', "X-Forwarded-User"
        ),
        "oidc_file": Key(plain, _A_FILE, "the provider, as Streamlit's [auth]", "none"),
        "user_claim": Key(plain, "a claim of the provider", "that names a person, with oidc", '"email"', "email"),
        "groups_claim": Key(plain, 'such as "groups", "realm_access.roles"', "the person's groups, with oidc", "none"),
        "viewers": Key(names, _NAMES, "who may look; empty: everybody who is logged in", "[]", ()),
        "installers": Key(names, _NAMES, "who may change the plan of the site too", "[]", ()),
        "reports": Key(plain, "a folder, relative to the site file", "replays' --out folders, for Accuracy", "none"),
        "target_wait_s": Key(number(1, 86400), "1 to 86400 seconds", "a wait that is still good", "300", 300.0),
    },
    "display": {
        "port": Key(whole(1, 65535), "1 to 65535", "where the public display listens", "8502", 8502),
        "address": Key(parse_address, _AN_ADDRESS, "the same", '"127.0.0.1"', "127.0.0.1"),
        "languages": Key(parse_languages, 'a list of codes such as ["de", "en"]', "shown in turn", '["en"]', ("en",)),
        "people": Key(yes, "true or false", "tell how many people wait", "true", True),
    },
    "camera": {
        "id": Key(ident, _A_ID, "used in topics", REQUIRED),
        "name": Key(text, _A_NAME, "for people's eyes", "the id"),
        "source": Key(
            plain,
            "rtsp(s)://, http(s)://, v4l2:///dev/video0, test://, or a file relative to the site file",
            "where the pictures come from",
            REQUIRED,
        ),
        "detect_fps": Key(number(0.1, 60), "0.1 to 60", "pictures a second that the detector sees", "5", 5.0),
        "mask": Key(geometry.polygons, f"a list of polygons: {SHAPE}", "blacked out before anything else", "[]", ()),
        "loop": Key(yes, "true or false", "play a file again and again as if it were live", "false", False),
        "certificate": Key(
            word("checked", "any"),
            "checked, any",
            "of an encrypted camera: any is not looked at",
            '"checked"',
            "checked",
        ),
        "ca_file": Key(
            plain, _A_FILE, "its certificate, or who signed it; names are not compared", "the system's list"
        ),
    },
    "camera.floor": {
        "image": Key(four(geometry.fraction), "four points, each from 0 to 1", "four marks in the picture", REQUIRED),
        "metres": Key(four(geometry.metres), "four points in metres", "the same marks on the floor", REQUIRED),
    },
    "camera.tracker": {
        "birth_score": Key(
            number(0.05, 0.95), "0.05 to 0.95", "boxes of this score or more start a person", "0.4", 0.4
        ),
        "keep_score": Key(
            number(0.01, 0.95), "0.01 to 0.95", "boxes of this score or more go on with one", "0.15", 0.15
        ),
        "max_hidden_s": seconds(0.5, 60, "unseen so long, a person is forgotten", 5.0),
        "confirm_s": seconds(0, 5, "a second box so long after the first shows a person", 0.15),
    },
    "queue": {
        "id": Key(ident, _A_ID, "used in topics", REQUIRED),
        "name": Key(text, _A_NAME, "for people's eyes", "the id"),
        "servers": Key(whole(0, 1000), "0 to 1000", "people served at once; 0: found from the data", "0", 0),
        "count_served": Key(yes, "true or false", "is the person being served part of the length?", "true", True),
        "room": Key(whole(0, 10000), "0 to 10000", "people the line has room for; 0: not told", "0", 0),
    },
    "queue.lane": {
        "camera": Key(ident, "the id of a [[camera]]", "which camera sees the lane", REQUIRED),
        "area": Key(geometry.polygon, f"a polygon: {SHAPE}", "where people of this queue stand", REQUIRED),
        "service_line": Key(geometry.segment, "two points, each from 0 to 1", "leaving across it = served", "none"),
        "service_area": Key(
            geometry.polygon, f"a polygon: {SHAPE}", "standing in it for min_service_s, then leaving = served", "none"
        ),
        "staff_area": Key(
            geometry.polygons, f"a list of polygons: {SHAPE}", "people who stay here are staff", "[]", ()
        ),
        "min_stay_s": seconds(0, 600, "shorter stays are passers-by", 5.0),
        "hold_s": seconds(0, 600, "unseen this long and still in the line", 3.0),
        "min_service_s": seconds(0, 3600, "see service_area", 3.0),
    },
    "queue.acceptance": acceptance.keys(acceptance.BOUNDS),
    "line": {
        "id": Key(ident, _A_ID, "names the counting line", REQUIRED),
        "camera": Key(ident, "the id of a [[camera]]", "which camera sees the line", REQUIRED),
        "points": Key(geometry.path, "two or more points, each from 0 to 1", "crossings are counted", REQUIRED),
    },
    "alert": {
        "queue": Key(ident, "the id of a [[queue]]", "whose readings are watched", REQUIRED),
        "when": Key(parse_alert, ALERT_WORDS, "the condition", REQUIRED),
        "for_s": seconds(0, 86400, "it must hold this long", 0.0),
        "repeat_s": seconds(0, 604800, "told again so often while it holds; 0: once", 0.0),
        "between": Key(parse_between, '["08:00", "18:00"]', "told only then, in the site's time zone", "always"),
        "weekdays": Key(parse_weekdays, f"a list of {', '.join(WEEKDAYS)}", "told only on these days", "all", ()),
    },
    "acceptance": acceptance.keys({**acceptance.BOUNDS, **acceptance.TRACK_BOUNDS}),
    "webhook": {
        "id": Key(ident, _A_ID, "names it in logs and figures", REQUIRED),
        "url": Key(parse_hook, '"https://HOST/PATH"', "takes alerts as JSON, by POST", REQUIRED),
        "secret": Key(parse_secret, "16 characters or more", 'signs them; best as "${WEBHOOK_SECRET}"', REQUIRED),
        "queues": Key(parse_ids, _QUEUES, "only their alerts", "all", ()),
        "tell": Key(some_of(*KINDS), _TOLD, "only these", "all", KINDS),
        "ca_file": Key(plain, _A_FILE, "who signed its certificate", "the system's list"),
        "timeout_s": seconds(1, 60, "for one try", 10.0),
    },
    "email": {
        "server": Key(parse_mail_server, '"smtp://HOST[:587]" or "smtps://HOST[:465]"', "hands mail in", REQUIRED),
        "from": Key(parse_mail, "an e-mail address", "whom the mail is from", REQUIRED),
        "to": Key(parse_mails, "a list of e-mail addresses", "who gets it", REQUIRED),
        "username": Key(plain, "1 to 1000 characters", "at the mail server", "none"),
        "password": Key(plain, "1 to 1000 characters", 'best as "${MAIL_PASSWORD}"', "none"),
        "queues": Key(parse_ids, _QUEUES, "only their alerts", "all", ()),
        "tell": Key(some_of(*KINDS), _TOLD, "only these", "all", KINDS),
        "ca_file": Key(plain, _A_FILE, "who signed the server's certificate", "the system's list"),
        "digest_s": seconds(0, 86400, "alerts of so long go into one mail", 60.0),
        "most_per_hour": Key(whole(1, 1000), "1 to 1000", "mails an hour at most; the rest waits", "6", 6),
    },
    "metrics": {
        "address": Key(parse_address, _AN_ADDRESS, "where Prometheus asks", '"127.0.0.1"', "127.0.0.1"),
        "counter_port": Key(whole(1, 65535), "1 to 65535", "the counter's port", "9711", 9711),
        "collector_port": Key(whole(1, 65535), "1 to 65535", "the collector's", "9712", 9712),
        "alerts_port": Key(whole(1, 65535), "1 to 65535", "of what sends alerts", "9713", 9713),
    },
    "api": {
        "port": Key(whole(1, 65535), "1 to 65535", "where the API listens", "8503", 8503),
        "address": Key(parse_address, _AN_ADDRESS, "the same", '"127.0.0.1"', "127.0.0.1"),
        "origins": Key(
            parse_origins, 'a list such as ["https://intranet.example"]', "other pages that may ask", "[]", ()
        ),
        "token": Key(
            parse_token, "16 characters or more, no spaces", 'lets programs ask; best as "${API_TOKEN}"', "none"
        ),
    },
}
TABLES = (
    "site",
    "privacy",
    "mqtt",
    "detector",
    "store",
    "dashboard",
    "display",
    "email",
    "metrics",
    "api",
    "acceptance",
)  # once each
ARRAYS = ("camera", "queue", "line", "alert", "webhook")  # as often as needed, in double brackets
INNER = {"camera": {"floor": "table", "tracker": "table"}, "queue": {"lane": "array", "acceptance": "table"}}


def defaults(table: str) -> dict[str, Any]:
    """What the keys of a table are when they are left out; required ones are missing."""
    return {name: key.value for name, key in KEYS[table].items() if key.default != REQUIRED}
