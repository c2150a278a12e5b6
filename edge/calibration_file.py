"""What was measured at a site: SITE.calibration.toml beside SITE.toml, written by `linewise replay --fit`.

    schema = 1
    site = "canteen"

    [[lane]]
    queue = "till-1"
    lane = 1                        # the queue's lanes count from 1, in the order of the site file
    fingerprint = "6f1f0c0de2a94b17"  # of the lane as it was when measured
    miss_rate = 0.12
    moments = 240                   # counts by hand that it was fitted on

Other tables belong to others and are left alone. A lane that has been drawn anew since is not corrected: its
fingerprint differs.
"""

import hashlib
import json
import logging
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edge.config_faults import ConfigError, Fault, FaultList
from edge.config_text import Positions, TextError, decode, find_positions, read_bytes
from edge.settings import Site
from edge.vocabulary import LaneSettings, QueueSettings

SCHEMA = 1
MISS_RATES = (-0.5, 0.9)
_KEYS = ("queue", "lane", "fingerprint", "miss_rate", "moments")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LaneFit:
    """What was measured of one lane.

    Attributes:
        queue: the queue's id.
        lane: from 1, in the order of the site file.
        fingerprint: of the lane as it was then, see `fingerprint`.
        miss_rate: share of the people there that the length of a replay with miss_rate 0.0 lacks, summed over moments;
            below 0: it tells more than there are.
        moments: counts by hand that it was fitted on.
    """

    queue: str
    lane: int
    fingerprint: str
    miss_rate: float
    moments: int


def calibration_path(site_file: Path) -> Path:
    """canteen.toml -> canteen.calibration.toml, in the same folder."""
    return site_file.with_suffix(".calibration.toml")


def fingerprint(lane: LaneSettings) -> str:
    """Sixteen hex digits that change with everything that decides who is counted in the lane."""
    told = {key: value for key, value in asdict(lane).items() if key != "miss_rate"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def miss_rate(told: float, there: float, rate: float = 0.0) -> float:
    """The share missed of people that were `there` where so many were `told` with that rate (sums over moments)."""
    return min(max(1.0 - (1.0 - rate) * told / there, MISS_RATES[0]), MISS_RATES[1]) if there > 0.0 else 0.0


def calibrated(site: Site) -> Site:
    """The site with what was measured of its lanes; the site itself if there is no calibration file.

    Raises ConfigError with every fault of the file.
    """
    path = calibration_path(site.path)
    fits = {(fit.queue, fit.lane): fit for fit in read_fits(path)} if path.exists() else {}
    if not fits:
        return site
    queues = tuple(_corrected(queue, fits, path) for queue in site.queues)
    for queue_id, lane in fits:
        _log.warning("%s: lane %d of queue %r is not in the site; what was measured of it is not used",
                     path.name, lane, queue_id)  # fmt: skip
    return replace(site, queues=queues)


def _corrected(queue: QueueSettings, fits: dict[tuple[str, int], LaneFit], path: Path) -> QueueSettings:
    lanes = []
    for number, lane in enumerate(queue.lanes, start=1):
        fit = fits.pop((queue.id, number), None)
        if fit is not None and fit.fingerprint != fingerprint(lane):
            _log.warning("%s: lane %d of queue %r has changed since it was measured; its length is not corrected "
                         "until `linewise replay --fit` runs again", path.name, number, queue.id)  # fmt: skip
            fit = None
        lanes.append(lane if fit is None else replace(lane, miss_rate=fit.miss_rate))
    return replace(queue, lanes=tuple(lanes))


def read_fits(path: Path) -> list[LaneFit]:
    """The [[lane]] tables of a calibration file; ConfigError with every fault."""
    try:
        text = decode(read_bytes(path))
        document, positions = tomllib.loads(text), find_positions(text)
    except (TextError, ValueError, RecursionError) as error:
        message = f"{error}; repair it, or take it away: lengths are not corrected then"
        raise ConfigError([Fault(str(path), getattr(error, "line", 0), "", "", message)]) from None
    return _fits(document, path, positions)


def _fits(document: Mapping[str, Any], path: Path, positions: Positions) -> list[LaneFit]:
    faults = FaultList(str(path), positions)
    if document.get("schema") != SCHEMA:
        faults.add(("schema",), f"is to be {SCHEMA}; run `linewise replay --fit` again", document.get("schema"))
    raw = document.get("lane", [])
    if not isinstance(raw, list):
        faults.add(("lane",), "not a table; write [[lane]]", raw)
        raw = []
    out: list[LaneFit] = []
    for i, table in enumerate(raw):
        wrong = [key for key in _KEYS if not isinstance(table, dict) or not _good(key, table.get(key))]
        for key in wrong:
            came = table.get(key) if isinstance(table, dict) else table
            faults.add(("lane", i, key), f"allowed: {_ALLOWED[key]}", came)
        if not wrong:
            out.append(LaneFit(**{key: table[key] for key in _KEYS}))
        if not wrong and (out[-1].queue, out[-1].lane) in {(f.queue, f.lane) for f in out[:-1]}:
            faults.add(("lane", i, "lane"), "this lane of this queue stands there twice; keep one", out[-1].lane)
    faults.raise_if_any()
    return out


_ALLOWED = {
    "queue": "a queue's id",
    "lane": "a number from 1",
    "fingerprint": "16 hex digits",
    "miss_rate": f"a number from {MISS_RATES[0]} to {MISS_RATES[1]}",
    "moments": "a number from 0",
}


def _good(key: str, value: Any) -> bool:
    if key == "miss_rate":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and MISS_RATES[0] <= value <= MISS_RATES[1]
    if key in ("lane", "moments"):
        return isinstance(value, int) and not isinstance(value, bool) and value >= (key == "lane")
    return isinstance(value, str)


def lanes_toml(site_id: str, fits: Iterable[LaneFit]) -> str:
    """The text of a calibration file with these lanes."""
    lines = ["# Written by `linewise replay --fit`: what was measured here against counts by hand.",
             f"schema = {SCHEMA}", f"site = {json.dumps(site_id)}"]  # fmt: skip
    for fit in fits:
        lines += ["", "[[lane]]", f"queue = {json.dumps(fit.queue)}", f"lane = {fit.lane}",
                  f'fingerprint = "{fit.fingerprint}"', f"miss_rate = {fit.miss_rate:.4f}",
                  f"moments = {fit.moments}"]  # fmt: skip
    return "\n".join(lines) + "\n"
