"""What a page shows, as frozen values: read from the store by dashboard/reading.py, drawn by dashboard/views."""

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

from edge.certificate import Certificate, certificates_path, fingerprints
from edge.settings import Site
from edge.vocabulary import QueueSettings

Seen = Literal["fresh", "late", "silent", "never"]
Trend = Literal["rising", "falling", "steady"]


@dataclass(frozen=True)
class Names:
    """What the site file knows and the store does not; all of it for people's eyes, in the site file's order.

    Attributes:
        rooms, servers: (queue, number) of the queues where the site file tells one.
        served_outside: queues whose line does not hold the person who is served.
        lanes: (queue, fingerprints of its lanes, ids of its cameras).
        certificates, reports: absolute paths.
    """

    site: str = ""
    name: str = ""
    timezone: str = "UTC"
    queues: tuple[tuple[str, str], ...] = ()
    cameras: tuple[tuple[str, str], ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    rooms: tuple[tuple[str, int], ...] = ()
    servers: tuple[tuple[str, int], ...] = ()
    served_outside: tuple[str, ...] = ()
    lanes: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    certificates: str | None = None
    target_wait_s: float = 300.0
    reports: str | None = None
    config_sha256: str = ""

    @classmethod
    def of(cls, site: Site) -> "Names":
        """Names of a loaded site; nothing secret is in them."""
        return cls(
            site=site.id,
            name=site.name,
            timezone=site.timezone,
            queues=tuple((q.id, q.name) for q in site.queues),
            cameras=tuple((c.id, c.name) for c in site.cameras),
            lines=tuple((line.id, line.id) for line in site.lines),
            rooms=tuple((q.id, q.room) for q in site.queues if q.room),
            servers=tuple((q.id, q.servers) for q in site.queues if q.servers),
            served_outside=tuple(q.id for q in site.queues if not q.count_served),
            lanes=tuple((q.id, fingerprints(q), _cameras(q)) for q in site.queues),
            certificates=str(certificates_path(site.path).absolute()),
            target_wait_s=site.dashboard.target_wait_s,
            reports=site.dashboard.reports,
            config_sha256=site.config_sha256,
        )

    def to_json(self) -> str:
        """For an environment variable."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Names":
        """The reverse of `to_json`; ValueError or TypeError if it is something else."""
        raw = json.loads(text)
        for key in ("queues", "cameras", "lines"):
            raw[key] = tuple((str(i), str(n)) for i, n in raw.get(key, ()))
        for key in ("rooms", "servers"):
            raw[key] = tuple((str(i), int(n)) for i, n in raw.get(key, ()))
        raw["lanes"] = tuple((str(q), tuple(prints), tuple(seen)) for q, prints, seen in raw.get("lanes", ()))
        raw["served_outside"] = tuple(map(str, raw.get("served_outside", ())))
        return cls(**raw)

    def for_site(self, site: str) -> "Names":
        """These names if they are that site's, else bare ids."""
        return self if site == self.site else Names(site=site, name=site, timezone=self.timezone)


def _cameras(queue: QueueSettings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lane.camera_id for lane in queue.lanes))


@dataclass(frozen=True)
class QueueCard:
    """One queue now; `length` and `wait_s` are None unless they can be trusted to be of now (seen is fresh or late).

    Attributes:
        heard_s: seconds since the last reading arrived, None if never (or the clock was set back).
        unknown_s: seconds for which the length has not been known, None where it is or was never known.
        history: mean length of each of the last 30 minutes, oldest first; None where it was not known.
        most: the greatest length in them.
        room: people that the line has room for, 0: not told.
    """

    queue: str
    name: str
    seen: Seen
    heard_s: float | None = None
    length: int | None = None
    length_low: int | None = None
    length_high: int | None = None
    wait_s: float | None = None
    wait_low_s: float | None = None
    wait_high_s: float | None = None
    quality: str = "stale"
    state: str = ""
    unknown_s: float | None = None
    history: tuple[float | None, ...] = ()
    most: int | None = None
    trend: Trend | None = None
    room: int = 0


@dataclass(frozen=True)
class CameraRow:
    """One camera's health; `picture_age_s` is of now: while no pictures come it grows between two reports."""

    camera: str
    name: str
    seen: Seen
    heard_s: float | None = None
    state: str = ""
    picture: str = "ok"
    detail: str = ""
    frames_in_per_s: float | None = None
    frames_out_per_s: float | None = None
    picture_age_s: float | None = None
    latency_s: float | None = None
    dropped: int = 0
    restarts: int = 0
    runtime: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class BoxRow:
    """One box by its own word or its last will.

    Attributes:
        missing: durable rows known to be lost.
        clock_unsynced: no time service keeps its wall clock.
        disk_failing: its disk does not take its rows.
    """

    box: str
    status: str
    heard_s: float | None
    version: str
    missing: int
    clock_unsynced: bool = False
    disk_failing: bool = False


@dataclass(frozen=True)
class LineRow:
    """One counting line today: people in and out, by the minutes that are in the store; None: nothing counted yet."""

    line: str
    name: str
    seen: Seen
    quality: str = "ok"
    count_in: int | None = None
    count_out: int | None = None
    unknown: bool = False


@dataclass(frozen=True)
class AlertRow:
    """An alert: which queue, its condition, since when and until when (seconds since 1970, the box's clock).

    Attributes:
        key: box, epoch and seq of the row that raised it.
        ended_s: None while it is open.
        ended_known: False: its end was never told (a restart, a lost row); it is past because it is too old.
        seen_by: who has acknowledged it, "" if nobody has.
        seen_s: when, seconds since 1970.
    """

    key: tuple[str, str, int]
    queue: str
    name: str
    text: str
    at_s: float
    ended_s: float | None = None
    ended_known: bool = True
    seen_by: str = ""
    seen_s: float | None = None


@dataclass(frozen=True)
class Proof:
    """What is proven of one queue: its certificate, why it does not hold (None: it holds), and what else is to know.

    `cameras` are those of the site file.
    """

    queue: str
    name: str
    cameras: tuple[str, ...]
    certificate: Certificate | None = None
    void: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Page:
    """Everything that the live pages show, as of `now_s` (seconds since 1970, this machine's clock)."""

    site: str
    name: str
    timezone: str
    now_s: float
    cards: tuple[QueueCard, ...]
    cameras: tuple[CameraRow, ...]
    boxes: tuple[BoxRow, ...]
    alerts: tuple[AlertRow, ...]
    lines: tuple[LineRow, ...] = ()
    proofs: tuple[Proof, ...] = ()
    proofs_fault: str = ""


@dataclass(frozen=True)
class History:
    """A queue's last 30 minutes: the mean length of each (None: not known), and the greatest length in them."""

    means: tuple[float | None, ...] = ()
    most: int | None = None


@dataclass(frozen=True)
class Slow:
    """What changes slowly and costs more to read: read every few seconds."""

    history: dict[str, History]
    alerts: tuple[AlertRow, ...]
    lines: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # today: in, out, unknown readings
    certificates: tuple[Certificate, ...] = ()
    certificates_fault: str = ""
