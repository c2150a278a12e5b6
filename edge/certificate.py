"""What was proven of a queue: SITE.certificates.json beside SITE.toml, read by the dashboard.

    {"schema": 1, "site": "canteen", "certificates": [
      {"queue": "till-1", "cameras": ["tills"], "lanes": ["6f1f0c0de2a94b17"], "made_utc": "2026-05-04T10:12:33Z",
       "config_sha256": "..", "model_sha256": "..", "passed": true,
       "scores": [{"name": "length_mae", "value": 0.31, "low": 0.2, "high": 0.4, "n": 240}]}]}

A certificate is void when the queue's lanes are others than those measured, and while one of its cameras is `moved`.
`site.toml` itself may change otherwise: its hash is told, not held against the certificate.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, FiniteFloat, ValidationError

from edge.calibration_file import fingerprint
from edge.errors import InputError
from edge.vocabulary import QueueSettings

_MOST_BYTES = 1_000_000  # a hundred queues take about 100 kB


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Score(_Read):
    """One figure of n measurements with its 95 % interval; low and high None: n was too small for one."""

    name: str
    value: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    n: int


class Certificate(_Read):
    """What one queue was measured to be, and of what; `passed` None: the site has no acceptance rule."""

    queue: str
    cameras: tuple[str, ...]
    lanes: tuple[str, ...]
    made_utc: AwareDatetime
    config_sha256: str
    model_sha256: str | None
    passed: bool | None
    scores: tuple[Score, ...]


class _File(_Read):
    schema_: Literal[1]
    site: str
    certificates: tuple[Certificate, ...]
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda name: name.rstrip("_"))


def certificates_path(site_file: Path) -> Path:
    """canteen.toml -> canteen.certificates.json, in the same folder."""
    return site_file.with_suffix(".certificates.json")


def read(path: Path) -> tuple[Certificate, ...]:
    """The certificates of a site, in the order of the file; none if there is no file.

    Raises:
        InputError: the file can't be read, or is not what this module says.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror or error}") from error
    if len(data) > _MOST_BYTES:
        raise InputError(f"{path}: more than {_MOST_BYTES} bytes; allowed is what `certificate.text` writes")
    try:
        return _File.model_validate_json(data).certificates
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise InputError(f"{path}: {faults}; take the file away and measure again") from None


def text(site_id: str, certificates: Iterable[Certificate]) -> str:
    """The file's text with these certificates."""
    rows = [c.model_dump(mode="json") for c in certificates]
    return json.dumps({"schema": 1, "site": site_id, "certificates": rows}, indent=2, ensure_ascii=False) + "\n"


def fingerprints(queue: QueueSettings) -> tuple[str, ...]:
    """Of the queue's lanes, in the order of the site file: what `Certificate.lanes` holds."""
    return tuple(fingerprint(lane) for lane in queue.lanes)


def void(certificate: Certificate, queue: QueueSettings, moved: Iterable[str] = ()) -> str | None:
    """Why the certificate does not hold for the queue as it is now, in words; None: it holds.

    Args:
        certificate: of this queue.
        queue: as the site file has it now.
        moved: cameras whose health says `moved`.
    """
    return void_with(certificate, fingerprints(queue), moved)


def void_with(certificate: Certificate, lanes: tuple[str, ...], moved: Iterable[str] = ()) -> str | None:
    """`void` for one who knows the lanes' fingerprints only."""
    if certificate.lanes != lanes:
        return "the lanes have changed since it was measured"
    turned = sorted(set(certificate.cameras) & set(moved))
    return f"camera {', '.join(turned)} has been moved since it was measured" if turned else None
