"""A site as the program uses it: what edge/config.py makes of a site.toml."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edge.settings_receivers import EmailSettings, WebhookSettings
from edge.vocabulary import AlertSettings, LineSettings, Polygon, QueueSettings

LOOPBACK = ("localhost", "127.0.0.1", "::1")  # hosts that are this machine: what goes there crosses no network


@dataclass(frozen=True)
class FloorSettings:
    """Four points of the picture (fractions) and the same on the floor (metres)."""

    image: Polygon
    metres: Polygon


@dataclass(frozen=True)
class TrackerSettings:
    """How people are followed from picture to picture; `linewise tune` tries other values against a truth.

    Attributes:
        birth_score, keep_score: boxes of this score or more start a person; continue one.
        max_hidden_s: unseen so long, a person is forgotten.
        confirm_s: a person is shown when a second good box came at least so long after the first.
    """

    birth_score: float = 0.4
    keep_score: float = 0.15
    max_hidden_s: float = 5.0
    confirm_s: float = 0.15


@dataclass(frozen=True)
class CameraSettings:
    """One camera.

    Attributes:
        id: used in topics.
        name: for people's eyes.
        source: rtsp(s)/http(s) URL, absolute file path, v4l2:///dev/..., or test://. Never print it: `source_shown` is
            the same without its password.
        source_shown: for logs, errors and pages.
        detect_fps: pictures a second that the detector sees.
        mask: polygons blacked out before anything else sees the picture.
        floor: makes distances metric.
        loop: a file is played again and again as if it were live (the demo).
        certificate: an encrypted camera's must be of someone trusted ("checked"), or is not looked at ("any").
        ca_file: absolute path of who is trusted in the place of the system's list; then names are not compared.
        tracker: how people are followed.
    """

    id: str
    name: str
    source: str = field(repr=False)
    source_shown: str
    detect_fps: float = 5.0
    mask: tuple[Polygon, ...] = ()
    floor: FloorSettings | None = None
    loop: bool = False
    certificate: Literal["checked", "any"] = "checked"
    ca_file: str | None = None
    tracker: TrackerSettings = TrackerSettings()


@dataclass(frozen=True)
class MqttSettings:
    """The broker. `ca_file`, `cert_file` and `key_file` are absolute paths or None."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    home_assistant: bool = False


@dataclass(frozen=True)
class DatabaseSettings:
    """A PostgreSQL database; str() of it is a URL without the password.

    Attributes:
        host: or the folder of a socket.
        tls: verify-full, require (encrypted only), disable.
        ca_file: absolute path, or None: the system's list.
    """

    host: str
    port: int
    database: str
    user: str
    password: str | None = field(default=None, repr=False)
    tls: Literal["verify-full", "require", "disable"] = "verify-full"
    ca_file: str | None = None

    def __str__(self) -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class StoreSettings:
    """What the collector keeps where.

    Attributes:
        seconds_days, minutes_days, hours_days: how long readings, minutes with single visits, and hours (0: for ever).
        database: where all of it goes too, for a chain of sites; None: nowhere.
    """

    seconds_days: int = 1
    minutes_days: int = 90
    hours_days: int = 0
    database: DatabaseSettings | None = None


@dataclass(frozen=True)
class DashboardSettings:
    """Who may see the pages, and what they measure against.

    Attributes:
        login: none; proxy: `user_header` of a reverse proxy on this machine; oidc: the provider in `oidc_file`.
        user_header: the header that names the user.
        oidc_file: absolute path of a TOML file with Streamlit's [auth], or None.
        user_claim: what the provider tells that names a person; "email" counts only where it is verified.
        groups_claim: what it tells of a person's groups or roles (dots go down into tables), or None.
        viewers, installers: names, addresses or groups in lower case; no viewers: everybody who is logged in may look.
        reports: absolute path of a folder with replays' `--out` folders, or None.
        target_wait_s: a wait that is still good, seconds.
    """

    login: str = "none"
    user_header: str = "X-Forwarded-User"
    oidc_file: str | None = None
    user_claim: str = "email"
    groups_claim: str | None = None
    viewers: tuple[str, ...] = ()
    installers: tuple[str, ...] = ()
    reports: str | None = None
    target_wait_s: float = 300.0


@dataclass(frozen=True)
class DisplaySettings:
    """The public display: where it listens, languages in turn, and whether it tells how many people wait."""

    port: int = 8502
    address: str = "127.0.0.1"
    languages: tuple[str, ...] = ("en",)
    people: bool = True


@dataclass(frozen=True)
class MetricsSettings:
    """Where Prometheus asks each of the processes."""

    address: str = "127.0.0.1"
    counter_port: int = 9711
    collector_port: int = 9712
    alerts_port: int = 9713


@dataclass(frozen=True)
class ApiSettings:
    """The read-only JSON API.

    Attributes:
        port, address: where it listens.
        origins: other pages whose scripts may ask (CORS).
        token: who sends it may ask (Authorization: Bearer); None: nobody asks by a token.
    """

    port: int = 8503
    address: str = "127.0.0.1"
    origins: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PrivacySettings:
    """What leaves the box of single people; `min_people`: so many go out together, below 2 each for itself."""

    min_people: int = 0


@dataclass(frozen=True)
class AcceptanceBound:
    """One figure that a replay must reach; `name` is of edge/config_acceptance.py; queue_id None: of the tracks."""

    queue_id: str | None
    name: str
    limit: float


@dataclass(frozen=True)
class Site:
    """A whole site file.

    Attributes:
        id, name, timezone: as in [site].
        box: this box's name in topics ([site] box, or the host's name).
        path: the file it came from.
        config_sha256: digest of the file's bytes.
        mqtt: None: `linewise up` starts the embedded broker.
        detector_model, detector_runtime, detector_threads: [detector] model ("m"), runtime ("auto"), threads (1).
        store, dashboard: [store] and [dashboard].
        display: [display]; None: `linewise up` starts no public display.
        webhooks, email: who is told of alerts; neither: `linewise up` starts no sender of alerts.
        metrics: [metrics]; None: no process answers Prometheus.
        acceptance: every queue's bounds, then those of the tracks; none: a replay is not judged.
        privacy: [privacy].
        api: [api]; None: `linewise up` starts no API.
    """

    id: str
    name: str
    timezone: str
    box: str
    path: Path
    config_sha256: str
    cameras: tuple[CameraSettings, ...]
    queues: tuple[QueueSettings, ...]
    lines: tuple[LineSettings, ...] = ()
    alerts: tuple[AlertSettings, ...] = ()
    mqtt: MqttSettings | None = None
    detector_model: str = "m"
    detector_runtime: str = "auto"
    detector_threads: int = 1
    store: StoreSettings = StoreSettings()
    dashboard: DashboardSettings = DashboardSettings()
    display: DisplaySettings | None = None
    webhooks: tuple[WebhookSettings, ...] = ()
    email: EmailSettings | None = None
    metrics: MetricsSettings | None = None
    api: ApiSettings | None = None
    privacy: PrivacySettings = PrivacySettings()
    acceptance: tuple[AcceptanceBound, ...] = ()

    def camera(self, camera_id: str) -> CameraSettings:
        """The camera of that id; KeyError if there is none."""
        return {c.id: c for c in self.cameras}[camera_id]
